// The other process of the reach part: revokes what it is told, and says when that was done.
import { performance } from 'node:perf_hooks';
import { openDatabase, startJwto } from '../support/jwto-app.mjs';

const { tokens, close } = await startJwto(await openDatabase(JSON.parse(process.argv[2])));
process.on('message', async (sid) => {
  await tokens.revokeSession(sid);
  process.send(performance.timeOrigin + performance.now());
});
process.once('disconnect', () => close().then(() => process.exit()));
process.send('ready');
