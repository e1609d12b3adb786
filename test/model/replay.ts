import { isDeepStrictEqual } from 'node:util';
import { JwtoError, type IssuedTokens, type TokenService } from 'jwto';
import type { TestUser } from '../support/users.js';
import { random, strideOf, type Step } from './history.js';
import { Model, type ModelAccess, type ModelRefresh, type ModelSession, type Verdict } from './model.js';
import type { Processes } from './processes.js';

type Held<T> = T & { text: string };

/** A browser, and whoever copied from it: the refresh token that it would send, and all that it ever had. */
interface Client {
  session: ModelSession;
  refresh: Held<ModelRefresh>;
  refreshes: Held<ModelRefresh>[];
  accesses: Held<ModelAccess>[];
  /** The library's `jti` by the model's. */
  jtis: Map<number, string>;
}

const USERS = [1, 2];
const OK: Verdict = { code: 'ok' };

/** Runs a history on the library and on the model. @throws Error at the first difference */
export async function replay(steps: readonly Step[], processes: Processes): Promise<void> {
  await processes.reset();
  await new Replay(processes).run(steps);
}

class Replay {
  private readonly model = new Model(() => this.processes.clock.now());
  private readonly clients: Client[] = [];
  private stamps = 0;

  constructor(private readonly processes: Processes) {
    for (const id of USERS) this.model.users.set(id, { active: true, stamp: 'first' });
    this.showUsers();
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const [index, step] of steps.entries()) {
      await this.step(step).catch((error: unknown) => {
        throw new Error(`step ${String(index)}, ${JSON.stringify(step)}: ${(error as Error).message}`);
      });
      // No two steps share a millisecond.
      this.processes.clock.time += 1;
    }
    await this.compareLive();
  }

  private async step(step: Step): Promise<void> {
    const { kind, process } = step;
    const { clock } = this.processes;
    const tokens = this.processes.tokens[process];
    if (kind === 'forward') clock.time += strideOf(step);
    else if (kind === 'back') clock.time -= Math.floor(step.which * 9000);
    else if (kind === 'login') await this.login(step);
    else if (kind === 'purge') same(await outcome(tokens.purge()), this.model.purge());
    else if (kind === 'revokeUser') {
      same(await outcome(tokens.revokeUser(this.userOf(step))), this.model.revokeUser(this.userOf(step)));
    } else if (kind === 'deactivate' || kind === 'reactivate' || kind === 'remake') this.changeUser(step);
    else await this.ofClient(step, tokens);
  }

  private async ofClient({ kind, who, which, process }: Step, tokens: TokenService): Promise<void> {
    const client = pick(this.clients, who);
    if (client === undefined) return;
    const old = pick(client.refreshes, which) ?? client.refresh;
    const access = pick(client.accesses, which);
    const updates = which < 0.5;
    if (kind === 'refresh') await this.refresh(client, client.refresh, false, process);
    else if (kind === 'update') await this.refresh(client, client.refresh, true, process);
    else if (kind === 'lostReply') await this.refresh(client, client.refresh, updates, process, false);
    else if (kind === 'retry') await this.refresh(client, old, updates, process);
    else if (kind === 'parallel') await this.parallel(client, which < 0.7 ? client.refresh : old);
    else if (kind === 'validate') await this.validate(which < 0.7 ? client.refresh : old, tokens);
    else if (kind === 'logout') same(await outcome(tokens.revokeToken(old.text)), this.model.logout(old));
    else if (access !== undefined) {
      if (kind === 'access') await this.verify(access, tokens);
      // The entry of a token that is long over may be purged, and it is blocked anew.
      else if (access.exp * 1000 > this.processes.clock.now())
        same(await outcome(tokens.revokeToken(access.text)), this.model.block(access));
    }
  }

  private async login(step: Step): Promise<void> {
    const id = this.userOf(step);
    const user = this.processes.users.rows.find((row) => row.id === id);
    if (user === undefined) return;
    const issued = await answer(this.processes.tokens[step.process].issue(user));
    const { verdict, session } = this.model.login(id, 'sid' in issued ? issued.sid : '', step.process);
    if (session === undefined) {
      same('sid' in issued ? OK : issued, verdict);
      return;
    }
    const nothing = { session, jti: 0, exp: 0, text: '' };
    const client: Client = { session, refresh: nothing, refreshes: [], accesses: [], jtis: new Map() };
    this.take(client, issued, verdict, true);
    this.clients.push(client);
  }

  private async refresh(
    client: Client,
    token: Held<ModelRefresh>,
    updates: boolean,
    process: 0 | 1,
    stores = true,
  ): Promise<void> {
    const issued = await answer(send(this.processes.tokens[process], token, updates));
    this.take(client, issued, this.model.refresh(token, updates, process), stores);
  }

  /** A refresh in each process at once: whoever wins, there is one successor. */
  private async parallel(client: Client, token: Held<ModelRefresh>): Promise<void> {
    const [one, two] = this.processes.tokens;
    const issued = await Promise.all([answer(send(one, token, false)), answer(send(two, token, true))]);
    const verdicts = [this.model.refresh(token, false, 0), this.model.refresh(token, true, 1)];
    const [first, second] = verdicts;
    for (const [index, tokens] of issued.entries()) {
      if (first !== undefined && 'jti' in first) {
        // Whether refresh_access saw the moved expiry is a matter of luck; the last word has the other one.
        const seen = index === 0 && 'sid' in tokens ? { ...first, refreshExp: tokens.refreshClaims.exp } : second;
        this.take(client, tokens, seen ?? OK, true);
      } else if ('sid' in tokens || !verdicts.some((verdict) => isDeepStrictEqual(verdict, tokens))) {
        throw new Error(`got ${JSON.stringify(tokens)}, expected one of ${JSON.stringify(verdicts)}`);
      }
    }
  }

  private async validate(token: Held<ModelRefresh>, tokens: TokenService): Promise<void> {
    same(await outcome(tokens.verify(token.text, { type: 'refresh' })), this.model.validate(token));
  }

  private async verify(token: Held<ModelAccess>, tokens: TokenService): Promise<void> {
    same(await outcome(tokens.verify(token.text)), this.model.verify(token));
  }

  /** Compares what was given out with what the model gives out. */
  private take(client: Client, issued: IssuedTokens | { code: string }, verdict: Verdict, stores: boolean): void {
    if (!('sid' in issued) || !('jti' in verdict)) {
      same('sid' in issued ? OK : issued, 'jti' in verdict ? OK : verdict);
      return;
    }
    const { accessClaims, refreshClaims, access, refresh } = issued;
    const jti = String(refreshClaims.jti);
    const known = client.jtis.get(verdict.jti);
    if (known === undefined && [...client.jtis.values()].includes(jti)) throw new Error(`${jti} came back`);
    if (known !== undefined && known !== jti) throw new Error(`a second successor: ${jti} beside ${known}`);
    client.jtis.set(verdict.jti, jti);
    same(
      { refresh: refreshClaims.exp, access: accessClaims.exp },
      { refresh: verdict.refreshExp, access: verdict.accessExp },
    );
    const { session } = client;
    const held = { session, jti: verdict.jti, exp: refreshClaims.exp, text: refresh };
    client.refreshes.push(held);
    client.accesses.push({ session, exp: accessClaims.exp, blocked: false, text: access });
    if (stores) client.refresh = held;
  }

  private changeUser(step: Step): void {
    const id = this.userOf(step);
    const user = this.model.users.get(id);
    if (step.kind === 'reactivate') this.model.users.set(id, { active: true, stamp: user?.stamp ?? this.newStamp() });
    else if (step.kind === 'deactivate') this.model.users.set(id, { active: false, stamp: user?.stamp ?? '' });
    // Now and then there is nobody of that id for a while.
    else if (step.which < 0.4) this.model.users.delete(id);
    else this.model.users.set(id, { active: true, stamp: this.newStamp() });
    this.showUsers();
  }

  private showUsers(): void {
    const rows = [...this.model.users].map(([id, { active, stamp }]): TestUser => ({
      ...{ id, username: `user ${String(id)}`, password: 'pass', email: '', isActive: active, stamp },
    }));
    this.processes.users.rows.splice(0, Infinity, ...rows);
  }

  /** At the end: the same sessions live, and every token that was ever given out stands as the model says. */
  private async compareLive(): Promise<void> {
    for (const id of USERS) {
      const [listed] = await Promise.all([this.processes.tokens[0].listSessions(id)]);
      const live = this.model.live(id);
      same(listed.map(({ sid }) => sid).sort(), live.map(({ sid }) => sid).sort());
    }
    const next = random(this.clients.length);
    for (const { accesses, refreshes } of this.clients) {
      const tokens = this.processes.tokens[next() < 0.5 ? 0 : 1];
      for (const access of accesses) await this.verify(access, tokens);
      // The newest first: an old one that is reused ends the session.
      for (const refresh of refreshes.reverse()) await this.validate(refresh, tokens);
      for (const access of accesses) await this.verify(access, tokens);
    }
  }

  private newStamp(): string {
    return `stamp ${String(++this.stamps)}`;
  }

  private userOf({ who }: Step): number {
    return pick(USERS, who) ?? 1;
  }
}

function pick<T>(list: readonly T[], which: number): T | undefined {
  return list[Math.floor(which * list.length)];
}

function send(tokens: TokenService, { text }: { text: string }, updates: boolean): Promise<IssuedTokens> {
  return updates ? tokens.updateRefresh(text) : tokens.refresh(text);
}

async function answer<T>(call: Promise<T>): Promise<T | { code: string }> {
  return call.catch((error: unknown) => {
    if (!(error instanceof JwtoError)) throw error;
    return { code: error.code };
  });
}

/** `ok` for whatever is returned but `false`, which says that it was so before. */
async function outcome(call: Promise<unknown>): Promise<Verdict> {
  const got = await answer(call.then((value) => ({ code: value === false ? 'already' : 'ok' })));
  return got;
}

function same(got: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(got, expected))
    throw new Error(`got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`);
}
