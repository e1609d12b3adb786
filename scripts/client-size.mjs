// What `jwto/client` costs a page: its build, bundled and minified, in gzipped bytes. Fails over the limit.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/** 6 KiB: it is written for readers. */
const LIMIT = 6144;
const entry = fileURLToPath(new URL('../dist/client/index.js', import.meta.url));

const bundle = await rolldown({
  input: entry,
  platform: 'browser',
  onLog: (_level, log) => {
    throw new Error(log.message);
  },
});
const { output } = await bundle.generate({ format: 'esm', minify: true, comments: false });
await bundle.close();
const [{ code, imports }, ...more] = output;
if (more.length > 0 || imports.length > 0) throw new Error(`the client must not need anything: ${imports.join(', ')}`);
const size = gzipSync(code, { level: 9 }).length;
process.stdout.write(`jwto/client: ${size} bytes gzipped, ${code.length} minified (limit ${LIMIT})\n`);
process.exitCode = size < LIMIT ? 0 : 1;
