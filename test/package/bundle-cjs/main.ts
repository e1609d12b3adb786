// The application as one CommonJS file that esbuild makes.
import { NestFactory } from '@nestjs/core';
import { AppModule, expected, observe } from './peers.module';

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  const seen = await observe(app);
  await app.close();
  for (const [what, wanted] of Object.entries(expected)) {
    const ok = seen[what] === wanted;
    console.log(`${ok ? 'ok ' : 'not ok '} ${what}: ${String(seen[what])}`);
    if (!ok) process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
