import type { JwtoModuleOptions, Mode } from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Client } from '../support/client.js';
import { DATABASES } from '../support/databases.js';
import { ringKey, Vault, type TestKey } from '../support/rings.js';
import { worldOf, type OwnApp, type World } from '../support/two-apps.js';

const CLIENTS = 50;
const MODES: Mode[] = ['JSON', 'ONE-COOKIE', 'JSON', 'TWO-COOKIES'];
const ALGORITHMS = ['ES256', 'HS512'] as const;
/** A few of each mode: so many are tried again with what they had before. */
const TRIED = 8;
const PATIENCE = 60_000;
const PROTECT = '/testapp/protect';
const ALARMS = ['jwto.csrf_failed', 'jwto.refresh_reused', 'jwto.session_revoked', 'jwto.login_failed'];

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const kidOf = (token = ''): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString() || '{}') as { kid?: unknown }).kid;

/** A signed-in client that works with both applications, as through a load balancer. */
class Worker {
  private access = '';
  private refresh = '';
  private turn = 0;

  private constructor(
    readonly mode: Mode,
    private readonly clients: readonly Client[],
  ) {}

  static async signIn(apps: readonly OwnApp[], mode: Mode): Promise<Worker> {
    const clients = apps.map((app) => app.client());
    // One browser has one jar, whichever application answers.
    for (const client of clients) Object.assign(client, { jar: clients[0]?.jar });
    const worker = new Worker(mode, clients);
    worker.take(await worker.next().login('bob', 'pass', { mode }));
    return worker;
  }

  /** What it has now, to be tried again later. */
  copy(): Worker {
    const jar = new Map(this.clients[0]?.jar);
    const clients = this.clients.map((client) => Object.assign(Object.create(client) as Client, { jar }));
    return Object.assign(new Worker(this.mode, clients), { access: this.access, refresh: this.refresh });
  }

  /** The keys by which its tokens are signed. */
  get kids(): unknown[] {
    if (this.mode === 'JSON') return [this.access, this.refresh].map(kidOf);
    const cookies = ['jwt_access', 'jwt_access_token', 'jwt_refresh'].flatMap(
      (name) => this.clients[0]?.cookie(name) ?? [],
    );
    return cookies.map(kidOf);
  }

  get csrf(): string | undefined {
    return this.clients[0]?.cookie('csrftoken');
  }

  /** Changes something, as a page would. */
  change(csrf = this.csrf): Promise<Answer> {
    const client = this.next();
    if (csrf !== undefined) client.jar.set('csrftoken', { name: 'csrftoken', value: csrf });
    client.bearer = this.mode === 'JSON' ? this.access : undefined;
    return client.send(PROTECT, { headers: client.csrf() });
  }

  async renew(endpoint = 'refresh_access'): Promise<Answer> {
    const client = this.next();
    client.bearer = this.mode === 'JSON' ? this.refresh : undefined;
    const answer = await client.refresh(endpoint);
    this.take(answer);
    return answer;
  }

  private take({ json }: Answer): void {
    this.access = json.access ?? this.access;
    this.refresh = json.refresh ?? this.refresh;
  }

  private next(): Client {
    const client = this.clients[this.turn++ % this.clients.length];
    if (client === undefined) throw new Error('a worker has clients');
    return client;
  }
}

const CONFIGURATIONS: [string, Partial<JwtoModuleOptions>][] = [
  ['which know revocations by heart', {}],
  [
    'which wait for a resolver and ask the database',
    { resolveKey: () => pause(3).then(() => undefined), blocklistCheck: 'database' },
  ],
];
const CASES = DATABASES.flatMap((database) =>
  CONFIGURATIONS.map((configuration) => [...configuration, database.name, database] as const),
);

describe.each(CASES)('keys that change under load, in two applications %s, on %s', (_how, options, _name, database) => {
  let world: World;
  let apps: OwnApp[];
  let vault: Vault;
  let workers: Worker[];
  let current: TestKey = ringKey('key 0');
  /** Answers that no client should have had. */
  const wrong: string[] = [];
  let requests = 0;
  let working = true;
  let loops: Promise<void>[];

  async function work(worker: Worker): Promise<void> {
    for (let round = 0; working; round++) {
      const what = ['change', 'change', 'refresh_access', 'change', 'update_refresh'][round % 5] ?? '';
      const answer = what === 'change' ? await worker.change() : await worker.renew(what);
      requests++;
      if (answer.status !== 200) wrong.push(`${worker.mode} ${what} ${answer.text}`);
      await pause(1);
    }
  }
  /** Each application reads the new ring in its own time. */
  async function roll(...keys: object[]): Promise<void> {
    vault.keys = keys;
    for (const app of apps) {
      await pause(40);
      await app.tokens.reloadKeys();
    }
    await pause(40);
  }
  async function refusals(stale: readonly Worker[]): Promise<string[]> {
    const answers = stale.flatMap((worker) =>
      apps.flatMap(() => [worker.copy().change(), worker.copy().renew(), worker.copy().renew('validate_refresh')]),
    );
    return (await Promise.all(answers)).map(({ status, json }) => `${String(status)} ${String(json.code)}`);
  }

  beforeAll(async () => {
    world = worldOf(database);
    vault = new Vault([current]);
    const all = {
      ...options,
      ...vault.options,
      mode: ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'] as const,
      maxSessionsPerUser: 1000,
    };
    apps = [await world.start(all), await world.start(all)];
    workers = [];
    for (let index = 0; index < CLIENTS; index++) workers.push(await Worker.signIn(apps, MODES[index % 4] ?? 'JSON'));
    for (const app of apps) app.takeEvents();
    loops = workers.map(work);
  });
  afterAll(async () => {
    working = false;
    await Promise.all(loops);
    await world.close();
  });

  it.each([1, 2])(
    'change %d: added, made active, and the former one removed when all tokens are renewed',
    async (turn) => {
      const former = current;
      current = ringKey(`key ${String(turn)}`, ALGORITHMS[turn - 1]);
      await roll(former, current);
      const before = workers.map((worker) => worker.copy());
      const stale = before.slice(0, TRIED);
      await roll(current, former);
      const isRenewed = ({ kids, csrf }: Worker, index: number): boolean =>
        kids.every((kid) => kid === current.kid) && (csrf === undefined || csrf !== before[index]?.csrf);
      await expect.poll(() => workers.filter(isRenewed).length, { timeout: PATIENCE, interval: 20 }).toBe(CLIENTS);
      for (const app of apps) app.clock.advance(11);
      await pause(100);
      // Known to the caches until its very end.
      for (const { status } of await Promise.all(stale.map((worker) => worker.copy().change())))
        expect(status).toBe(200);
      await roll(current);
      expect(new Set(await refusals(stale))).toEqual(new Set(['401 token_invalid']));
      await pause(100);
      expect(wrong).toEqual([]);
      expect(apps.flatMap((app) => app.takeEvents()).filter((name) => ALARMS.includes(name))).toEqual([]);
      // A CSRF token of the former key is none any more, beside good tokens.
      const cookies = workers.findIndex(({ mode }) => mode !== 'JSON');
      const mixed = workers[cookies]?.copy();
      expect((await mixed?.change(stale[cookies]?.csrf))?.json.code).toBe('csrf_mismatch');
      for (const app of apps) app.takeEvents();
    },
    PATIENCE,
  );

  it(
    'removed at once, with everybody at work: no request that is sent afterwards gets through',
    async () => {
      const stale = workers.slice(0, TRIED).map((worker) => worker.copy());
      const before = requests;
      vault.keys = [ringKey('emergency', 'ES256')];
      await Promise.all(apps.map((app) => app.tokens.reloadKeys()));
      const refused = await refusals(stale);
      expect(new Set(refused)).toEqual(new Set(['401 token_invalid']));
      expect(requests).toBeGreaterThan(before);
      working = false;
      await Promise.all(loops);
      expect(new Set(wrong.map((line) => /"code":"(\w+)"/.exec(line)?.[1]))).toEqual(new Set(['token_invalid']));
      // They sign in again, and all is well.
      for (const mode of ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'] as const) {
        const again = await Worker.signIn(apps, mode);
        for (let time = 0; time < 4; time++) expect((await again.change()).text).toBe('worked!');
        expect((await again.renew()).status).toBe(200);
      }
    },
    PATIENCE,
  );

  it('was a load', () => {
    expect(requests).toBeGreaterThan(CLIENTS * 6);
  });
});
