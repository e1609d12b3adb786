// Writes what was measured into docs/performance.md, between its markers.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { tablesOf } from './tables.mjs';
import { targetsTable } from './targets.mjs';

const PAGE = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const MARKERS = ['<!-- npm run bench writes from here -->', '<!-- npm run bench writes to here -->'];
const PACKAGES = [
  ...['@nestjs/core', '@nestjs/jwt', '@nestjs/passport', 'passport-jwt', 'jsonwebtoken', 'jose', 'fast-jwt', 'typeorm'],
  ...['express', 'fastify', 'better-sqlite3', 'pg', '@node-rs/argon2'],
];

function versionOf(name) {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
}

/** What it ran on. */
export function machine() {
  const { openssl } = process.versions;
  const memory = Math.round(totalmem() / 2 ** 30);
  return `Node ${process.version} with OpenSSL ${openssl}, ${cpus()[0].model}, ${cpus().length} cores, ${memory} GiB; ${PACKAGES.map(versionOf).join(', ')}.`;
}

export async function writePage(parts, results) {
  const text = readFileSync(PAGE, 'utf8');
  const [begin, end] = MARKERS.map((marker) => text.indexOf(marker));
  if (begin === -1 || end < begin)
    throw new Error(`docs/performance.md has lost its markers: ${MARKERS.join(' and ')}`);
  const body = [
    MARKERS[0],
    `\`npm run build && npm run bench\`. ${machine()}`,
    '### Targets',
    targetsTable(results),
    ...parts.map((name) => tablesOf(name, results[name])),
  ].join('\n\n');
  const page = `${text.slice(0, begin)}${body}\n\n${text.slice(end)}`;
  writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
}
