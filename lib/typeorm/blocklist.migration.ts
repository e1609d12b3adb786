import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { columnKinds } from './columns.js';
import { tablePathOf } from './table-path.js';
import { JwtoBlocklistEntry } from './blocklist-entry.entity.js';

/** Makes the table of {@link JwtoBlocklistEntry}. */
export class CreateJwtoBlocklist1764000000001 implements MigrationInterface {
  readonly name = 'CreateJwtoBlocklist1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    const { id, text, time } = await columnKinds(runner);
    await runner.createTable(
      new Table({
        name: tableOf(runner),
        columns: [
          id('realm', { isPrimary: true }),
          id('kind', { isPrimary: true }),
          id('value', { isPrimary: true }),
          time('revoked_at'),
          time('expires_at'),
          text('reason', 64),
        ],
        indices: [{ columnNames: ['realm', 'expires_at'] }, { columnNames: ['realm', 'revoked_at'] }],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(tableOf(runner));
  }
}

function tableOf(runner: QueryRunner): string {
  return tablePathOf(runner, JwtoBlocklistEntry);
}
