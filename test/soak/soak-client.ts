import { setTimeout as sleep } from 'node:timers/promises';
import { guarded, login, refresh, type Reply } from '../processes/http.js';

/** Asks so many times before it says that it gets no answer. */
const TRIES = 60;

/** Signs in once, and goes on with that session to the end. */
export class SoakClient {
  /** How often each answer came. */
  readonly seen = new Map<string, number>();
  readonly problems: string[] = [];

  constructor(private readonly url: string) {}

  /** @param lasts - whether it goes on */
  async run(lasts: () => boolean): Promise<void> {
    let held = await this.persist('login', () => login(this.url));
    while (held?.status === 200 && lasts()) {
      const { access, refresh: token } = held;
      await this.ask('guard', () => guarded(this.url, access));
      held = await this.persist('refresh', () => refresh(this.url, token));
      await sleep(50);
    }
    if (held?.status !== 200) return;
    const { access } = held;
    await this.persist('last guard', () => guarded(this.url, access));
  }

  /** Asks until there is an answer that is not 503, as often as Retry-After lets it. */
  private async persist(what: string, send: () => Promise<Reply>): Promise<Reply | undefined> {
    for (let tries = 0; tries < TRIES; tries++) {
      const reply = await this.ask(what, send);
      if (reply.status !== 503) return reply;
      if (reply.retryAfter === undefined) this.problems.push(`${what}: a 503 without Retry-After`);
      await sleep((reply.retryAfter ?? 1) * 1000);
    }
    this.problems.push(`${what}: no answer but 503 in ${String(TRIES)} tries`);
    return undefined;
  }

  private async ask(what: string, send: () => Promise<Reply>): Promise<Reply> {
    const reply = await send();
    const answer = `${what} ${[reply.status, reply.code].filter(Boolean).join(' ')}`;
    this.seen.set(answer, (this.seen.get(answer) ?? 0) + 1);
    if (reply.status !== 200 && reply.status !== 503) {
      const why = reply.failure instanceof Error ? ` ${reply.failure.message}` : '';
      this.problems.push(`${this.url} ${answer}${why}`);
    }
    return reply;
  }
}
