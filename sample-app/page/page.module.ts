import { Module, type DynamicModule } from '@nestjs/common';
import type { JwtService } from '@nestjs/jwt';
import { getJwtServiceToken, type JwtoOptions } from 'jwto';
import type { SampleOptions } from '../sample-options.js';
import { EventStream } from './event-stream.js';
import { PageController } from './page.controller.js';
import { PageFiles } from './page-files.js';
import { PAGE_SETTINGS, pageSettings } from './page-settings.js';

/** A page to try the sample in a browser. */
@Module({})
export class PageModule {
  static with(sample: SampleOptions, jwto: JwtoOptions): DynamicModule {
    return {
      module: PageModule,
      controllers: [PageController],
      providers: [
        EventStream,
        PageFiles,
        {
          provide: PAGE_SETTINGS,
          useFactory: (jwt: JwtService) => pageSettings(sample, jwto, jwt),
          inject: [getJwtServiceToken()],
        },
      ],
    };
  }
}
