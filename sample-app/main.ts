import { AppModule } from './app.module.js';
import { loadCertificate } from './certificate.js';
import { createApp } from './create-app.js';
import { readJwtoSettings } from './jwto-settings.js';
import { listenOnLoopback } from './loopback.js';
import { readSampleOptions } from './sample-options.js';
import { describeStartFailure } from './start-failure.js';

async function start(): Promise<void> {
  const options = readSampleOptions(process.env);
  const settings = await readJwtoSettings(process.env, options);
  const tls = options.https ? await loadCertificate(options.dataDir) : undefined;

  const app = await createApp(AppModule.with(options, settings), options.adapter, tls);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  const port = await listenOnLoopback(app, options.port);
  app.flushLogs();
  process.stdout.write(`jwto sample listening on ${tls ? 'https' : 'http'}://localhost:${String(port)}\n`);
}

try {
  await start();
} catch (error) {
  process.stderr.write(`${describeStartFailure(error)}\n`);
  // The database's connections may still be open.
  process.exit(1);
}
