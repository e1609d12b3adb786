import { Test } from '@nestjs/testing';
import { AppModule, expected, observe } from './peers.module';

it('signs in, hands events to @OnEvent and documents the routes', async () => {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = module.createNestApplication();
  try {
    expect(await observe(app)).toEqual(expected);
  } finally {
    await app.close();
  }
});
