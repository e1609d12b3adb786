// The lines of the targets, with what was measured.
import { figure, spread, table } from './format.mjs';

/** A ratio against its limit; the median decides. */
const ratio = (what, limit, measured) => ({
  what,
  target: `<= ${figure(limit)}`,
  measured: spread(measured),
  met: measured.median <= limit,
});

function ofGuards({ fastify, express }) {
  const rows = [];
  for (const [name, { few, warm, unseen }] of Object.entries({ Fastify: fastify, Express: express })) {
    for (const [tokens, { target }] of Object.entries({ 512: few, 4096: warm }))
      rows.push(ratio(`guard in process, warm, ${tokens} tokens in use, ${name} request, of the peer`, 0.1, target));
    rows.push(ratio(`guard in process, token never seen, ${name} request, of the peer`, 0.5, unseen.target));
    rows.push(ratio(`the same, of bare HMAC + JSON.parse`, 1.3, unseen.targetOfBare));
  }
  return rows;
}

function ofHttp({ fastify, express }) {
  const speed = ({ rows }) => rows.find(({ name }) => name === 'jwto').speed;
  const rows = [
    ratio('over HTTP on Fastify, added CPU, of the peer', 0.15, fastify.targets['passport-ko']),
    ratio('the same, with what jwto adds to unguarded requests', 0.15, fastify.inAll),
    {
      what: 'requests per second of the unguarded, Fastify',
      target: '>= 0.85',
      measured: spread(speed(fastify)),
      met: speed(fastify).median >= 0.85,
    },
  ];
  const lists = { 'exists-sqlite': ['SQLite', 1 / 15], 'exists-pg': ['PostgreSQL', 1 / 20] };
  for (const [name, [database, limit]] of Object.entries(lists)) {
    const measured = fastify.targets[name];
    if (measured !== undefined) rows.push(ratio(`Fastify, of the peer + existsBy on ${database}`, limit, measured));
  }
  const onExpress = { what: 'over HTTP on Express, added CPU, of the peer', target: 'none set' };
  rows.push({ ...onExpress, measured: spread(express.targets['passport-ko']) });
  return rows;
}

function ofReach({ rows }) {
  return rows.map(({ name, byNotify, median, longest, times }) => {
    const limit = byNotify ? 100 : 1500;
    const measured = `${figure(median)} ms, longest of ${times} ${figure(longest)} ms`;
    return {
      what: `revocation reaching another process: ${name}`,
      target: `<= ${limit} ms`,
      measured,
      met: longest <= limit,
    };
  });
}

function ofRefresh({ rows }) {
  return rows.map(({ name, atOnce, rounds, most, failed, statements: { usual } }) => ({
    what: `${atOnce} parallel refreshes with one token, ${name}`,
    target: 'one successor; <= 1 UPDATE, 2 SELECTs',
    measured: `${most} in each of ${rounds} rounds, ${failed} refused; ${usual.UPDATE} UPDATE, ${usual.SELECT} SELECT`,
    met: most === 1 && failed === 0 && usual.UPDATE <= 1 && usual.SELECT <= 2,
  }));
}

function ofTables({ rows, target }) {
  return [ratio(`guard with ${rows.toLocaleString('en')} rows in each table, of empty ones`, 1.1, target)];
}

const OF = { guards: ofGuards, http: ofHttp, tables: ofTables, reach: ofReach, refresh: ofRefresh };

/** Every line whose part was run. */
export function targetRows(results) {
  return Object.entries(OF).flatMap(([name, rows]) => (name in results ? rows(results[name].result) : []));
}

const verdict = (met) => (met === undefined ? '' : met ? 'yes' : '**no**');

export function targetsTable(results) {
  const rows = targetRows(results).map(({ what, target, measured, met }) => [what, target, measured, verdict(met)]);
  return table(['what', 'target', 'median (quartiles)', 'met'], rows);
}
