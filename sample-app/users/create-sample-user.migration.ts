import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Makes the table of `User`. It spells the columns out: the entity will change, what this made once will not. */
export class CreateSampleUser1764100000000 implements MigrationInterface {
  readonly name = 'CreateSampleUser1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'sample_user',
        columns: [
          { name: 'id', type: 'integer', isPrimary: true },
          { name: 'username', type: 'varchar', length: '150', isUnique: true },
          { name: 'email', type: 'varchar', length: '254' },
          { name: 'password_hash', type: 'varchar', length: '255' },
          { name: 'perms', type: 'text' },
          { name: 'is_active', type: 'boolean' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('sample_user');
  }
}
