import {
  createJwtoClient,
  type ClientMode,
  type JwtoClient,
  type SessionChange,
  type SessionClaims,
} from 'jwto/client';
import type { Settings } from './settings.js';

/** The claims of the sample's tokens. */
export type Claims = SessionClaims & { readonly user: { readonly email?: string } };

/** Who is signed in. */
export interface SignedIn {
  readonly mode: ClientMode;
  readonly claims: Claims;
  /** When the access token expires, in milliseconds by this device's clock. */
  readonly expiresAt: number;
}

/** Why the account is as it is; `start` is what was found when the page was opened. */
export interface Change extends Omit<SessionChange, 'reason'> {
  readonly reason: SessionChange['reason'] | 'start';
}

export type AccountListener = (account: SignedIn | null, change: Change) => void;

const MODE_KEY = 'jwto sample mode';

/** The page's sign-in: a client of `jwto/client` for the mode that was chosen last, in this tab or in another. */
export class Account {
  private client: JwtoClient<Claims | undefined>;
  private signedIn: SignedIn | null = null;
  private readonly listeners: AccountListener[] = [];
  /** The latest change, for answers that come late. */
  private turn = 0;

  constructor(
    private readonly settings: Settings,
    private mode: ClientMode = rememberedMode(settings),
  ) {
    this.client = this.connect();
    addEventListener('storage', ({ key }) => {
      if (key === MODE_KEY && this.signedIn === null) this.use(rememberedMode(settings));
    });
  }

  get current(): SignedIn | null {
    return this.signedIn;
  }

  get chosenMode(): ClientMode {
    return this.mode;
  }

  onChange(listener: AccountListener): void {
    this.listeners.push(listener);
  }

  /** Finds out whether somebody is signed in already. */
  async start(): Promise<void> {
    await this.client.session();
    await this.update({ reason: 'start', remote: false });
  }

  async signIn(username: string, password: string, mode: ClientMode): Promise<void> {
    this.use(mode);
    localStorage.setItem(MODE_KEY, mode);
    await this.client.login({ username, password });
  }

  signOut(): Promise<void> {
    return this.client.logout();
  }

  /** As the global one, with the credential. */
  fetch(path: string, init?: RequestInit): Promise<Response> {
    return this.client.fetch(path, init);
  }

  private use(mode: ClientMode): void {
    if (mode === this.mode) return;
    this.client.dispose();
    this.mode = mode;
    this.client = this.connect();
  }

  private connect(): JwtoClient<Claims | undefined> {
    const { mode } = this;
    const { refreshPath, csrfCookie, payloadCookie } = this.settings;
    const options = { baseUrl: '/', mode, refreshPath, csrfCookie, payloadCookie };
    const client = createJwtoClient<Pick<Claims, 'user'>>(options);
    client.onChange((_session, change) => void this.update(change));
    return client;
  }

  private async update(change: Change): Promise<void> {
    const turn = ++this.turn;
    const found = await this.look();
    if (turn !== this.turn) return;
    this.signedIn = found;
    for (const listener of this.listeners) listener(found, change);
  }

  private async look(): Promise<SignedIn | null> {
    const { client, mode } = this;
    const session = await client.session();
    if (session === null) return null;
    const claims = session.claims ?? (await askForClaims(client));
    // This page and its server are on one machine, and so have one clock.
    return claims === null ? null : { mode, claims, expiresAt: session.expiresAt ?? claims.exp * 1000 };
  }
}

/** In the mode ONE-COOKIE no script can read them. */
async function askForClaims(client: JwtoClient<unknown>): Promise<Claims | null> {
  const answer = await client.fetch('/testapp/claims/');
  return answer.ok ? ((await answer.json()) as Claims) : null;
}

function rememberedMode({ modes }: Settings): ClientMode {
  const remembered = localStorage.getItem(MODE_KEY);
  return modes.find((mode) => mode === remembered) ?? modes[0] ?? 'JSON';
}
