import { Module, type DynamicModule } from '@nestjs/common';
import { JwtoModule, type JwtoOptions } from 'jwto';
import { ConnectionDrain } from './connection-drain.js';
import { DatabaseModule } from './database/database.module.js';
import { EventLog } from './event-log.js';
import { PageModule } from './page/page.module.js';
import type { SampleOptions } from './sample-options.js';
import { TestappController } from './testapp.controller.js';
import { EmailClaims } from './users/email-claims.js';
import { UsersModule } from './users/users.module.js';
import { UsersService } from './users/users.service.js';

/** An application that signs its users in by jwto. */
@Module({})
export class AppModule {
  static with(options: SampleOptions, jwtoSettings: JwtoOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DatabaseModule.with(options),
        JwtoModule.forRoot({
          ...jwtoSettings,
          imports: [UsersModule],
          users: { useExisting: UsersService },
          claims: EmailClaims,
        }),
        PageModule.with(options, jwtoSettings),
      ],
      controllers: [TestappController],
      providers: [ConnectionDrain, EventLog],
    };
  }
}
