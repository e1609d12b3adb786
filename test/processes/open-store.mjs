// Opens the store of TEST_DATABASE, a DataSource's options as JSON, as each process of the conformance suite does.
import 'reflect-metadata';
import { jwtoEntities, TypeormStore } from 'jwto/typeorm';
import { DataSource } from 'typeorm';

export default async function open() {
  const { options, isolation } = JSON.parse(process.env['TEST_DATABASE']);
  const dataSource = new DataSource({ ...options, entities: [...jwtoEntities] });
  await dataSource.initialize();
  const store = await TypeormStore.open(dataSource);
  // The suite closes stores; what they are in is the application's.
  store.close = () => dataSource.destroy();
  if (isolation !== undefined) await dataSource.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`);
  return store;
}
