// The tables of each part.
import { figure, spread, table } from './format.mjs';

const FASTIFY_AND_EXPRESS = { fastify: 'Fastify', express: 'Express' };

function guards(result) {
  return Object.entries(FASTIFY_AND_EXPRESS).flatMap(([shape, name]) => {
    const { few, warm, unseen } = result[shape];
    return [
      ...Object.entries({ 512: few, 4096: warm }).flatMap(([tokens, { rows }]) => [
        `${name} request, ${tokens} tokens that were seen before:`,
        table(
          ['guard', 'µs of CPU', 'of passport-jwt, KeyObject'],
          rows.map((row) => [row.name, spread(row.cost), spread(row.ratio)]),
        ),
      ]),
      `${name} request, tokens never seen before:`,
      table(
        ['guard', 'µs of CPU', 'of passport-jwt, KeyObject', 'of bare HMAC and JSON.parse'],
        unseen.rows.map((row) => [row.name, spread(row.cost), spread(row.ratio), spread(row.bare)]),
      ),
    ];
  });
}

function algorithms({ rows }) {
  const lines = rows.flatMap(({ algorithm, peer, warm, unseen }) =>
    warm.rows.map((row, index) => {
      const cold = unseen.rows[index];
      const ratios = [spread(row.ratio), spread(cold.ratio)];
      return [
        `${algorithm}, ${row.name}`,
        figure(row.cost.median),
        ratios[0],
        figure(cold.cost.median),
        ratios[1],
        peer,
      ];
    }),
  );
  return [table(['guard', 'seen, µs', 'of the peer', 'never seen, µs', 'of the peer', 'peer'], lines)];
}

function http(result) {
  return Object.entries(FASTIFY_AND_EXPRESS).flatMap(([adapter, name]) => {
    const { rows, open } = result[adapter];
    return [
      `${name}, unguarded: ${spread(open)} µs of CPU a request.`,
      table(
        ['guard', 'added µs of CPU', 'of passport-ko', 'the same of the medians', 'requests a second of the unguarded'],
        rows.map((row) => [
          row.name,
          spread(row.cost),
          spread(row.ratio),
          figure(row.ratio.ofMedians),
          spread(row.speed),
        ]),
      ),
    ];
  });
}

function tables({ rows, guards: [empty, full], target, memory }) {
  const mb = ({ heap }) => (heap / 1e6).toFixed(2);
  return [
    table(
      ['', 'empty tables', `${rows.toLocaleString('en')} ended rows in each table`, 'ratio'],
      [
        ['guard, µs of CPU', figure(empty.cost.median), figure(full.cost.median), spread(target)],
        ['heap in use, MB', mb(memory.empty), mb(memory.full), ''],
        ['revocations held', memory.empty.size, memory.full.size, ''],
        ['read of the whole, ms', figure(memory.empty.read), figure(memory.full.read), ''],
      ],
    ),
  ];
}

function memory({ tokens, revocations }) {
  const { count, heap, outside } = tokens.byDefault;
  const mb = (bytes) => (bytes / 1e6).toFixed(1);
  return [
    table(
      ['verified tokens kept', 'heap, bytes each', 'outside the heap, bytes each', 'guard, µs of CPU'],
      tokens.rows.map((row) => [row.count, figure(row.heap), figure(row.outside), figure(row.guard)]),
    ),
    `With the default limits, ${count.toLocaleString('en')} tokens seen: ${mb(heap)} MB of heap and ${mb(outside)} MB outside.`,
    table(
      ['revocations that could still be presented', 'heap, bytes each', 'read of the whole, ms', 'guard, µs of CPU'],
      revocations.rows.map((row) => [row.count, figure(row.heap), figure(row.read), figure(row.guard)]),
    ),
  ];
}

function logins({ rows }) {
  const delays = ({ p50, p99 }) => `${figure(p50)} / ${figure(p99)}`;
  const lines = rows.map(({ atOnce, clients, perSecond, idle, during }) => [
    `${clients} clients, ${atOnce} hashes at once`,
    figure(perSecond),
    ...['open', 'jwto', 'jose'].map((route) => `${delays(idle[route])} → ${delays(during[route])}`),
  ]);
  return [table(['storm', 'logins a second', 'unguarded, p50 / p99 ms', 'jwto', 'jose'], lines)];
}

function refresh({ rows }) {
  const verbs = (statements) =>
    Object.entries(statements)
      .map(([verb, times]) => `${times} ${verb}`)
      .join(', ');
  const lines = rows.map(({ name, atOnce, rounds, most, failed, statements: { usual, replay, update } }) => [
    `${name}, ${atOnce} at once, ${rounds} times`,
    most,
    failed,
    ...[usual, update, replay].map(verbs),
  ]);
  return [table(['database', 'successors', 'refused', 'refresh_access', 'update_refresh', 'a replay'], lines)];
}

function reach({ rows }) {
  const lines = rows.map(({ name, times, median, most, longest }) => [
    name,
    times,
    ...[median, most, longest].map(figure),
  ]);
  return [table(['database', 'times', 'median, ms', '95 of 100, ms', 'longest, ms'], lines)];
}

const RENDER = { guards, algorithms, http, tables, memory, logins, refresh, reach };
const TITLES = {
  guards: 'Guards in process, HS256',
  algorithms: 'Guards in process, asymmetric algorithms',
  http: 'Guards over HTTP',
  tables: 'Guards and the size of the tables',
  memory: 'What a token and a revocation weigh',
  logins: 'Logins, and guards meanwhile',
  refresh: 'Refreshes of one token at once',
  reach: 'How soon a revocation reaches another process',
};

/** Title, tables, and when they were measured. */
export function tablesOf(name, { date, load, seconds, result }) {
  const when = `${date.slice(0, 16).replace('T', ' ')} UTC, load ${load.toFixed(1)} before, ${seconds} s.`;
  return [`### ${TITLES[name]}`, when, ...RENDER[name](result)].join('\n\n');
}
