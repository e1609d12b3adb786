import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { columnKinds } from './columns.js';
import { tablePathOf } from './table-path.js';
import { JwtoSession } from './session.entity.js';

/** Makes the table of {@link JwtoSession}. */
export class CreateJwtoSession1764000000000 implements MigrationInterface {
  readonly name = 'CreateJwtoSession1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    const { id, text, time } = await columnKinds(runner);
    await runner.createTable(
      new Table({
        name: tableOf(runner),
        columns: [
          id('sid', { isPrimary: true }),
          id('realm'),
          id('user_id'),
          { ...text('mode', 16), isNullable: false },
          text('stamp', 64),
          text('key_realm', 64),
          id('current_jti'),
          time('current_iat'),
          id('previous_jti', { isNullable: true }),
          time('rotated_at', { isNullable: true }),
          { name: 'generation', type: 'integer' },
          time('signed_in_at'),
          time('last_used_at'),
          time('expires_at'),
          time('refresh_lifetime'),
          time('ends_at'),
          time('access_until'),
          time('revoked_at', { isNullable: true }),
          text('revoked_reason', 64),
          text('user_agent', 256),
          text('ip', 64),
        ],
        // Without names: the naming strategy gives those that the entity's have, which follow a prefix.
        indices: [
          { columnNames: ['user_id', 'realm'] },
          { columnNames: ['realm', 'expires_at'] },
          { columnNames: ['realm', 'access_until', 'revoked_at', 'sid'] },
          { columnNames: ['realm', 'revoked_at', 'sid'], where: 'revoked_at IS NOT NULL' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(tableOf(runner));
  }
}

function tableOf(runner: QueryRunner): string {
  return tablePathOf(runner, JwtoSession);
}
