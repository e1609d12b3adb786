import type { Account } from './account.js';
import { byId } from './dom.js';

/** The clock of one token. It counts silently: a screen reader reads it when asked to. */
export class Countdown {
  private readonly text: HTMLElement;
  private readonly bar: HTMLProgressElement;
  private end: number | undefined;
  private life = 0;

  /** @param over - what is shown when it has run out */
  constructor(
    id: string,
    private readonly over: string,
  ) {
    this.text = byId(`${id}-left`);
    this.bar = byId(`${id}-bar`, HTMLProgressElement);
    setInterval(() => {
      this.draw();
    }, 1000);
  }

  /**
   * @param end - in milliseconds by this device's clock; `undefined` shows nothing
   * @param life - how long it is altogether, in milliseconds
   */
  run(end: number | undefined, life = 0): void {
    this.end = end;
    this.life = life;
    this.draw();
  }

  private draw(): void {
    if (this.end === undefined) {
      this.text.textContent = '–';
      this.bar.value = 0;
      return;
    }
    const left = Math.max(0, this.end - Date.now());
    this.text.textContent = left === 0 ? this.over : inWords(Math.ceil(left / 1000));
    this.bar.max = Math.max(1, this.life);
    this.bar.value = left;
    this.bar.classList.toggle('low', left < this.life / 4);
  }
}

/** The access token's clock; that of the sign-in is set by who knows it. */
export function accessCountdown(account: Account): void {
  const countdown = new Countdown('access', 'expired: the next request renews it');
  account.onChange((signedIn) => {
    if (signedIn === null) return;
    const { exp, refresh_iat = exp, iat = refresh_iat } = signedIn.claims;
    countdown.run(signedIn.expiresAt, (exp - iat) * 1000);
  });
}

/** `4:05`, `23:59:58`, `29 days 4 h` */
function inWords(seconds: number): string {
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  if (days > 1) return `${String(days)} days ${String(hours % 24)} h`;
  const two = (value: number): string => String(value % 60).padStart(2, '0');
  return hours > 0 ? `${String(hours)}:${two(minutes)}:${two(seconds)}` : `${String(minutes)}:${two(seconds)}`;
}
