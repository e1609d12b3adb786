import { within } from '../clock/time-limit.js';

/** So many are asked at once: each has a connection of the application's pool, which by itself has ten. */
const AT_ONCE = 3;
/** The wait for a turn, in milliseconds. */
const WAIT_LIMIT = 2000;

/** A question that waits for its turn, and those who wait for its answer. */
interface Turn<Answer> {
  readonly question: () => Promise<Answer>;
  /** The answer is in an object, for a promise of a promise would be that of the answer. */
  readonly come: Promise<{ answer: Promise<Answer> }>;
  readonly begin: (asked: { answer: Promise<Answer> }) => void;
  /** When the last of those who wait gives up; milliseconds of the monotonic clock. */
  waitedForUntil: number;
}

/**
 * Asks the database a few questions at once, and lets the others wait. Who waits for the same question shares one, but
 * nobody gets the answer to one that was sent before he came: what has been revoked since would not be in it.
 */
export class SharedQuestions<Answer> {
  private asking = 0;
  private readonly waiting = new Map<string, Turn<Answer>>();

  /**
   * @param key - the same for the same question
   * @throws StoreUnavailableError if the turn does not come in two seconds
   */
  async ask(key: string, question: () => Promise<Answer>): Promise<Answer> {
    if (this.asking < AT_ONCE) return this.begin(question);
    const turn = this.waiting.get(key) ?? this.queue(key, question);
    turn.waitedForUntil = performance.now() + WAIT_LIMIT;
    const { answer } = await within(WAIT_LIMIT, turn.come);
    return answer;
  }

  private queue(key: string, question: () => Promise<Answer>): Turn<Answer> {
    let begin: Turn<Answer>['begin'] = () => undefined;
    const come = new Promise<{ answer: Promise<Answer> }>((resolve) => (begin = resolve));
    const turn = { question, come, begin, waitedForUntil: 0 };
    this.waiting.set(key, turn);
    return turn;
  }

  private async begin(question: () => Promise<Answer>): Promise<Answer> {
    this.asking += 1;
    try {
      return await question();
    } finally {
      this.asking -= 1;
      this.beginNext();
    }
  }

  private beginNext(): void {
    for (const [key, turn] of this.waiting) {
      this.waiting.delete(key);
      if (turn.waitedForUntil <= performance.now()) continue;
      const answer = this.begin(turn.question);
      // Whoever waited may give up in this very moment.
      answer.catch(() => undefined);
      turn.begin({ answer });
      return;
    }
  }
}
