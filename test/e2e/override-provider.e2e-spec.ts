import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import {
  ClaimsProvider,
  Clock,
  CurrentUser,
  getEventsToken,
  getJwtServiceToken,
  getTokenServiceToken,
  getTokenTransportToken,
  JwtLoginRequired,
  JwtoEvents,
  JwtoModule,
  TokenService,
  TokenTransport,
  UserProvider,
  type IssuedTokens,
  type JwtoClaims,
  type JwtoModuleOptions,
  type SignInUser,
} from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp, type TestAppOptions } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

/** What the mocks say of every token. */
const CLAIMS: JwtoClaims = {
  sub: '77',
  exp: 4_000_000_000,
  sid: 'a-session',
  type: 'access',
  user: { id: 77, username: 'mocked', perms: ['perm1'] },
};
/** What they issue. */
const ISSUED: IssuedTokens = {
  sid: 'a-session',
  mode: 'JSON',
  access: 'mocked-access',
  refresh: 'mocked-refresh',
  accessClaims: CLAIMS,
  refreshClaims: { ...CLAIMS, type: 'refresh' },
  endsAt: 4_000_000_000_000,
};

/** Asks the library's own for all but one user's tokens. */
@Injectable()
class StrictTokens extends TokenService {
  readonly asked: string[] = [];

  override async verify(...given: Parameters<TokenService['verify']>): Promise<JwtoClaims> {
    const claims = await super.verify(...given);
    this.asked.push(`${claims.type} of ${claims.user.username}`);
    return claims.user.username === 'bob' ? super.verify('no token') : claims;
  }
}

@Injectable()
class LoudTransport extends TokenTransport {
  override write(...given: Parameters<TokenTransport['write']>): void {
    super.write(...given);
    (given[0] as { header: (name: string, value: string) => void }).header('x-written', given[1].mode);
  }
}

@Injectable()
class RecordedEvents extends JwtoEvents {
  readonly told: string[] = [];

  override emit(...given: Parameters<JwtoEvents['emit']>): void {
    this.told.push(given[0]);
    super.emit(...given);
  }
}

@Injectable()
class LateClock extends Clock {
  override now(): number {
    return Date.UTC(2040, 0, 1);
  }
  override correct(): void {
    // It stands.
  }
}

@Injectable()
class OtherUsers extends UserProvider {
  private readonly user: SignInUser = { id: 9, username: 'other' };
  override authenticate(): SignInUser {
    return this.user;
  }
  override findById(): SignInUser {
    return this.user;
  }
}

@Injectable()
class OtherClaims extends ClaimsProvider {
  override claims(): Record<string, unknown> {
    return { from: 'the test' };
  }
}

@Controller('who')
class WhoController {
  @Get('passport')
  @UseGuards(AuthGuard('jwto'))
  passport(@CurrentUser('username') username: string): string {
    return username;
  }

  @Get('admin')
  @JwtLoginRequired({ instance: 'admin' })
  admin(@CurrentUser('username') username: string): string {
    return username;
  }
}

const ADMIN = {
  name: 'admin',
  signingKey: 'the-signing-key-of-the-administration',
  users: TestUsers,
  refreshCookiePath: 'admin/refresh',
  endpoints: {
    login: 'admin/login',
    validateAccess: 'admin/validate_access',
    csrf: 'admin/csrf',
    sessions: 'admin/sessions',
  },
} satisfies JwtoModuleOptions;

describe.each(ADAPTERS)('overrideProvider on %s', (_name, adapter) => {
  let test: TestApp | undefined;
  afterEach(async () => {
    await test?.close();
    test = undefined;
  });

  async function startWith(override: NonNullable<TestAppOptions['override']>, options = {}): Promise<TestApp> {
    const metadata = { controllers: [WhoController], imports: [JwtoModule.forRoot({ ...ADMIN, ...options })] };
    return (test = await startApp({ adapter, override, options, metadata }));
  }

  it('of TokenService by a mock: guards, the strategy and validate endpoints ask its verify', async () => {
    const verify = vi.fn().mockResolvedValue(CLAIMS);
    const { client } = await startWith((builder) => builder.overrideProvider(TokenService).useValue({ verify }));
    const { get, send, refresh } = bound(client(), 'anything');

    expect((await get('/testapp/user')).json).toEqual({ user: CLAIMS.user, username: 'mocked' });
    expect(verify).toHaveBeenLastCalledWith('anything', { type: 'access' });
    expect((await get('/testapp/perms_protect')).status).toBe(200);
    expect((await get('/who/passport')).text).toBe('mocked');
    expect((await send('/validate_access/')).status).toBe(200);
    expect(verify).toHaveBeenCalledTimes(4);
    expect((await get('/testapp/refresh_only')).status).toBe(200);
    expect(verify).toHaveBeenLastCalledWith('anything', { type: 'refresh' });
    expect((await refresh('validate_refresh')).status).toBe(200);
    expect(verify).toHaveBeenCalledTimes(6);
  });

  it('of TokenService by a mock: login asks its issue, the refresh endpoints its refresh and updateRefresh', async () => {
    const mock = {
      verify: vi.fn().mockResolvedValue({ ...CLAIMS, type: 'refresh' }),
      issue: vi.fn().mockResolvedValue(ISSUED),
      refresh: vi.fn().mockResolvedValue({ ...ISSUED, access: 'refreshed' }),
      updateRefresh: vi.fn().mockResolvedValue({ ...ISSUED, access: 'updated' }),
    };
    const { client, users } = await startWith((builder) => builder.overrideProvider(TokenService).useValue(mock));
    const own = client();
    expect((await own.login()).json).toEqual({ refresh: 'mocked-refresh', access: 'mocked-access' });
    expect(mock.issue).toHaveBeenCalledWith(users.named('alice'), expect.objectContaining({ mode: 'JSON' }));
    expect((await client().login('alice', 'wrong')).json.code).toBe('credentials_invalid');
    expect(mock.issue).toHaveBeenCalledOnce();

    own.bearer = 'anything';
    expect((await own.refresh('refresh_access')).json.access).toBe('refreshed');
    expect(mock.refresh).toHaveBeenCalledWith('anything', expect.anything());
    expect((await own.refresh('update_refresh')).json.access).toBe('updated');
    expect(mock.updateRefresh).toHaveBeenCalledWith('anything', expect.anything());
  });

  it('of TokenService by a class that extends it: what it does not change works, with cookies too', async () => {
    const { client, app } = await startWith(
      (builder) => builder.overrideProvider(TokenService).useClass(StrictTokens),
      { mode: 'ONE-COOKIE' },
    );
    const [alice, bob] = [client(), client()];
    await alice.login('alice');
    await bob.login('bob');
    expect((await alice.get('/testapp/user')).json).toMatchObject({ username: 'alice' });
    expect((await bob.get('/testapp/user')).json.code).toBe('token_malformed');
    expect((await alice.send('/testapp/protect', { headers: alice.csrf() })).status).toBe(200);
    expect((await alice.send('/testapp/protect')).json.code).toBe('csrf_missing');
    expect((await alice.refresh('refresh_access')).status).toBe(200);
    expect((await alice.get('/csrf/')).status).toBe(200);
    expect((await alice.get('/sessions/')).json['sessions']).toHaveLength(1);
    expect((await alice.refresh('logout')).status).toBe(200);
    expect(app.get<StrictTokens>(TokenService).asked).toContain('refresh of alice');
  });

  it('is not needed for a mock on a running application', async () => {
    const { client, tokens } = await startWith((builder) => builder);
    const own = client();
    await own.login();
    const spy = vi.spyOn(tokens, 'verify').mockResolvedValue(CLAIMS);
    expect((await own.get('/testapp/user')).json['username']).toBe('mocked');
    spy.mockRestore();
    expect((await own.get('/testapp/user')).json['username']).toBe('alice');
  });

  it('of TokenTransport by a mock: the endpoints ask it for every cookie', async () => {
    const mock = { write: vi.fn(), writeCsrf: vi.fn(), clear: vi.fn() };
    const { client, tokens, users } = await startWith(
      (builder) => builder.overrideProvider(TokenTransport).useValue(mock),
      { mode: ['ONE-COOKIE', 'JSON'] },
    );
    const own = client();
    expect((await own.login()).cookies).toEqual([]);
    expect(mock.write).toHaveBeenCalledOnce();

    const { access, refresh } = await tokens.issue(users.named('alice'));
    const cookie = `jwt_access=${access}; jwt_refresh=${refresh}`;
    expect((await own.get('/csrf/', { cookie })).cookies).toEqual([]);
    expect(mock.writeCsrf).toHaveBeenCalledOnce();
    const answer = await own.send('/api/token/refresh/logout/', { method: 'DELETE', headers: { cookie: '' } });
    expect(answer.cookies).toEqual([]);
    expect(mock.clear).toHaveBeenCalledOnce();
  });

  it('of TokenTransport by a class that extends it', async () => {
    const { client } = await startWith((builder) => builder.overrideProvider(TokenTransport).useClass(LoudTransport), {
      mode: 'TWO-COOKIES',
    });
    const answer = await client().login();
    expect(answer.headers.get('x-written')).toBe('TWO-COOKIES');
    expect(answer.cookies.map(({ name }) => name)).toContain('jwt_access_token');
  });

  it('of JwtoEvents by a mock, and by a class that extends it: every event goes there', async () => {
    const emit = vi.fn();
    const mocked = await startWith((builder) => builder.overrideProvider(JwtoEvents).useValue({ on: vi.fn(), emit }));
    await mocked.client().login('alice', 'wrong');
    expect(emit).toHaveBeenLastCalledWith(
      'jwto.login_failed',
      expect.objectContaining({ reason: 'credentials_invalid' }),
    );
    const { sid } = await mocked.tokens.issue(mocked.users.named('alice'));
    await mocked.tokens.revokeSession(sid);
    expect(emit).toHaveBeenLastCalledWith('jwto.session_revoked', expect.objectContaining({ sid }));
    await mocked.close();

    const extended = await startWith((builder) => builder.overrideProvider(JwtoEvents).useClass(RecordedEvents));
    await extended.client().login();
    expect(extended.app.get<RecordedEvents>(JwtoEvents).told).toEqual(['jwto.logged_in']);
    expect(extended.takeEvents()).toEqual(['jwto.logged_in']);
    expect(extended.events[0]?.event).toMatchObject({ instance: 'default', userId: '1' });
  });

  it('of Clock by a class', async () => {
    const { client, tokens } = await startWith((builder) => builder.overrideProvider(Clock).useClass(LateClock));
    const { access } = (await client().login()).json;
    expect(tokens.decode(access ?? '').payload['exp']).toBe(Date.UTC(2040, 0, 1) / 1000 + 300);
  });

  it('of UserProvider and ClaimsProvider: sign-ins and refreshes ask them', async () => {
    const { client, tokens, users } = await startWith((builder) =>
      builder
        .overrideProvider(UserProvider)
        .useClass(OtherUsers)
        .overrideProvider(ClaimsProvider)
        .useValue(new OtherClaims()),
    );
    const own = client();
    const { access, refresh } = (await own.login()).json;
    expect(tokens.decode(access ?? '').payload).toMatchObject({ user: { username: 'other' }, from: 'the test' });
    own.bearer = refresh;
    expect((await own.refresh('refresh_access')).status).toBe(200);
    expect(users.asked).toEqual([]);
  });

  it("of the application's own UserProvider, which `users` names", async () => {
    @Module({ providers: [{ provide: UserProvider, useClass: TestUsers }], exports: [UserProvider] })
    class UsersModule {}
    const options = { users: { useExisting: UserProvider }, imports: [UsersModule] };
    const own = await startWith((builder) => builder, options);
    expect((await own.client().login('alice')).status).toBe(200);
    expect((await own.client().login('nobody')).status).toBe(401);
    await own.close();

    const overridden = await startWith(
      (builder) => builder.overrideProvider(UserProvider).useClass(OtherUsers),
      options,
    );
    expect((await overridden.client().login('nobody')).status).toBe(200);
  });

  it('of the JwtService: it signs the tokens', async () => {
    const sign = vi.fn().mockReturnValue('signed.by.mock');
    const { client } = await startWith((builder) => builder.overrideProvider(getJwtServiceToken()).useValue({ sign }));
    expect((await client().login()).json).toEqual({ refresh: 'signed.by.mock', access: 'signed.by.mock' });
    expect(sign).toHaveBeenCalledTimes(2);
  });

  it('of the tokens of a named instance changes that instance alone', async () => {
    const mocks = {
      tokens: {
        verify: vi.fn().mockResolvedValue(CLAIMS),
        issue: vi.fn().mockResolvedValue({ ...ISSUED, mode: 'ONE-COOKIE' }),
      },
      transport: { write: vi.fn() },
      events: { emit: vi.fn() },
    };
    const { client } = await startWith(
      (builder) =>
        builder
          .overrideProvider(getTokenServiceToken('admin'))
          .useValue(mocks.tokens)
          .overrideProvider(getTokenTransportToken('admin'))
          .useValue(mocks.transport)
          .overrideProvider(getEventsToken('admin'))
          .useValue(mocks.events),
      { mode: ['JSON', 'ONE-COOKIE'] },
    );
    const own = client();
    await own.login();
    expect((await own.get('/testapp/user')).json['username']).toBe('alice');
    expect((await own.get('/who/admin')).text).toBe('mocked');
    await own.send('/admin/login/', { json: { username: 'bob', password: 'pass', mode: 'ONE-COOKIE' } });
    expect(mocks.transport.write).toHaveBeenCalledOnce();
    await own.send('/admin/login/', { json: { username: 'bob', password: 'wrong' } });
    expect(mocks.events.emit).toHaveBeenCalledWith('jwto.login_failed', expect.anything());
  });

  it('of the classes of a named instance: a class that extends TokenService, and the JwtService', async () => {
    const sign = vi.fn().mockReturnValue('signed.by.mock');
    const { client, app } = await startWith((builder) =>
      builder
        .overrideProvider(getTokenServiceToken('admin'))
        .useClass(StrictTokens)
        .overrideProvider(getJwtServiceToken('admin'))
        .useValue({ sign }),
    );
    const credentials = { json: { username: 'bob', password: 'pass' } };
    expect((await client().send('/admin/login/', credentials)).json.access).toBe('signed.by.mock');
    expect(app.get(getTokenServiceToken('admin'))).toBeInstanceOf(StrictTokens);
    const own = client();
    expect((await own.login('bob')).json.access).not.toBe('signed.by.mock');
    expect((await own.get('/testapp/protect')).status).toBe(200);
  });
});

/** The methods of a client that sends this token. */
function bound(client: ReturnType<TestApp['client']>, bearer: string): Pick<typeof client, 'get' | 'send' | 'refresh'> {
  client.bearer = bearer;
  return { get: client.get.bind(client), send: client.send.bind(client), refresh: client.refresh.bind(client) };
}
