import {
  Controller,
  Get,
  HttpCode,
  HttpException,
  Injectable,
  Post,
  Req,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { CurrentUser, JwtLoginRequired, TokenClaims, type JwtoClaims, type JwtoUser } from 'jwto';
import { Strategy } from 'passport';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { KeyStrategy } from '../support/key-strategy.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** What optional sign-in looks like with every strategy of Passport; it also notes what it was given. */
class OptionalGuard extends AuthGuard('jwto') {
  static readonly seen: { error: unknown; user: unknown; info: unknown }[] = [];
  override handleRequest<User>(error: Error | null, user: User | false, info: unknown): User {
    OptionalGuard.seen.push({ error, user, info });
    if (error !== null && !(error instanceof HttpException && error.getStatus() === 401)) throw error;
    return (user || undefined) as User;
  }
}

/** One that hands on what Passport has for a user, `false` where all have failed. */
class LaxGuard extends AuthGuard(['key', 'jwto']) {
  override handleRequest<User>(_error: unknown, user: User): User {
    return user;
  }
}

class OwnRefusalGuard extends AuthGuard(['jwto', 'key']) {
  override handleRequest<User>(error: unknown, user: User | false): User {
    if (error !== null || user === false) throw new UnauthorizedException('mine');
    return user;
  }
}

@Injectable()
class ThrowingStrategy extends PassportStrategy(Strategy, 'throwing') {
  override authenticate(): never {
    throw new Error('a fault of the application');
  }
  validate(): never {
    throw new Error('not called');
  }
}

@Controller('chain')
class ChainController {
  @Get('own')
  @JwtLoginRequired()
  own(): void {
    // Refuses in the tests.
  }
  @Get('alone')
  @UseGuards(AuthGuard('jwto'))
  alone(@CurrentUser('username') name: string): string {
    return name;
  }
  @Get('jwto-key')
  @UseGuards(AuthGuard(['jwto', 'key']))
  jwtoFirst(@CurrentUser('username') name: string, @TokenClaims() claims: JwtoClaims): string {
    return `${name} ${claims.user.username}`;
  }
  @Post('jwto-key')
  @HttpCode(200)
  @UseGuards(AuthGuard(['jwto', 'key']))
  change(@CurrentUser('username') name: string): string {
    return name;
  }
  @Get('key-jwto')
  @UseGuards(AuthGuard(['key', 'jwto']))
  keyFirst(@CurrentUser('username') name: string): string {
    return name;
  }
  @Get('refusing')
  @UseGuards(AuthGuard(['jwto', 'key']))
  refusing(): never {
    throw new HttpException({ own: true }, 409);
  }
  @Get('optional')
  @UseGuards(OptionalGuard)
  optional(@CurrentUser() user: JwtoUser | undefined, @TokenClaims() claims: JwtoClaims | undefined): string {
    return user === undefined && claims === undefined ? 'nobody' : `${String(user?.username)} ${String(claims?.sub)}`;
  }
  @Post('optional')
  @UseGuards(OptionalGuard)
  changeOptional(): void {
    // Refuses in the tests.
  }
  @Get('lax')
  @UseGuards(LaxGuard)
  lax(@CurrentUser('username') name: string | undefined, @Req() request: { user: unknown }): string {
    return name ?? String(request.user);
  }
  @Get('throwing')
  @UseGuards(AuthGuard(['jwto', 'throwing']))
  throwing(): void {
    // Refuses in the tests.
  }
  @Get('mine')
  @UseGuards(OwnRefusalGuard)
  mine(): void {
    // Refuses in the tests.
  }
}

const metadata = { controllers: [ChainController], providers: [KeyStrategy, ThrowingStrategy] };
const CHAINS = ['/chain/jwto-key', '/chain/key-jwto'];
const KEY = { 'x-api-key': 'k1' };

function seen({ status, text, headers }: Answer): object {
  return {
    status,
    text,
    challenge: headers.get('www-authenticate'),
    retry: headers.get('retry-after'),
    type: headers.get('content-type'),
  };
}

describe.each(ADAPTERS)('AuthGuard with several strategies on %s', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter, metadata, options: { mode: ['JSON', 'TWO-COOKIES'] } });
  });
  afterAll(() => test.close());

  it('takes a token or a key, in either order', async () => {
    const bob = test.client();
    await bob.login('bob');
    expect((await bob.get('/chain/jwto-key')).text).toBe('bob bob');
    expect((await bob.get('/chain/key-jwto')).text).toBe('bob');
    expect((await test.client().get('/chain/jwto-key', KEY)).text).toBe('machine machine');
    expect((await test.client().get('/chain/key-jwto', KEY)).text).toBe('machine');
  });

  it('asks for the key where the token is bad, and leaves no trace of the first refusal', async () => {
    const client = test.client();
    const { json } = await client.login();
    test.clock.advance(301);
    for (const token of ['nonsense', json.refresh, json.access]) {
      client.bearer = token;
      const answer = await client.get('/chain/jwto-key', KEY);
      expect([answer.status, answer.text]).toEqual([200, 'machine machine']);
      expect(answer.headers.get('www-authenticate')).toBeNull();
    }
    const refused = await client.get('/chain/refusing', KEY);
    expect([refused.status, refused.json]).toEqual([409, { own: true }]);
    expect(refused.headers.get('www-authenticate')).toBeNull();
  });

  it('answers as our own guard where all refuse', async () => {
    const client = test.client();
    for (const bearer of [undefined, 'nonsense']) {
      client.bearer = bearer;
      const own = seen(await client.get('/chain/own'));
      expect(own).toMatchObject({ status: 401, challenge: expect.stringContaining('Bearer') });
      for (const path of ['/chain/alone', ...CHAINS]) expect([path, seen(await client.get(path))]).toEqual([path, own]);
    }
  });

  it('ends at a refusal by CSRF, whoever would come next', async () => {
    const client = test.client();
    await client.login('bob', 'pass', { mode: 'TWO-COOKIES' });
    const before = KeyStrategy.asked;
    const answer = await client.send('/chain/jwto-key', { headers: KEY });
    expect([answer.status, answer.json.code]).toEqual([403, 'csrf_missing']);
    expect((await client.send('/chain/jwto-key', { headers: { ...KEY, ...client.csrf() } })).text).toBe('bob');
    expect(KeyStrategy.asked).toBe(before);
  });

  it('ends at a bad request', async () => {
    const [one, two] = [test.client(), test.client()];
    await one.login('bob', 'pass', { mode: 'TWO-COOKIES' });
    await two.login('bob', 'pass', { mode: 'TWO-COOKIES' });
    const cookie = [one, two]
      .map((client) => `jwt_access_token=${String(client.cookie('jwt_access_token'))}`)
      .join('; ');
    const answer = await test.client().get('/chain/jwto-key', { ...KEY, cookie });
    expect([answer.status, answer.json.code]).toEqual([400, 'request_invalid']);
  });

  it('answers 500 where the next strategy throws', async () => {
    expect((await test.client().get('/chain/throwing')).status).toBe(500);
  });

  it('lets an application refuse in its own words, with the challenge that a 401 needs', async () => {
    const answer = await test.client().get('/chain/mine');
    expect([answer.status, answer.json['message']]).toEqual([401, 'mine']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api"');
  });
});

describe.each(ADAPTERS)('optional sign-in by AuthGuard on %s', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter, metadata, options: { mode: ['JSON', 'TWO-COOKIES'] } });
  });
  afterAll(() => test.close());
  afterEach(() => {
    OptionalGuard.seen.length = 0;
  });

  it('gives the user of a good token, and nobody for none or a bad one', async () => {
    const client = test.client();
    for (const bearer of [undefined, 'nonsense']) {
      client.bearer = bearer;
      const answer = await client.get('/chain/optional');
      expect([answer.status, answer.text]).toEqual([200, 'nobody']);
      expect(answer.headers.get('www-authenticate')).toBeNull();
    }
    await client.login('bob');
    expect((await client.get('/chain/optional')).text).toBe('bob 2');
  });

  it('asks `handleRequest` once, with our refusal as its error', async () => {
    await test.client().get('/chain/optional');
    expect(OptionalGuard.seen).toEqual([
      { error: expect.objectContaining({ code: 'token_missing' }), user: false, info: expect.any(HttpException) },
    ]);
  });

  it('still refuses by CSRF', async () => {
    const client = test.client();
    await client.login('bob', 'pass', { mode: 'TWO-COOKIES' });
    expect((await client.send('/chain/optional')).json.code).toBe('csrf_missing');
  });

  it('takes the `false` of Passport for nobody', async () => {
    expect((await test.client().get('/chain/lax')).text).toBe('false');
    expect((await test.client().get('/chain/lax', KEY)).text).toBe('machine');
  });
});

describe.each(ADAPTERS)('AuthGuard with several strategies on %s', (_name, adapter) => {
  it('ends where the database does not answer', async () => {
    const test = await startApp({ adapter, metadata, options: { blocklistCheck: 'database' } });
    const client = test.client();
    await client.login('bob');
    vi.spyOn(test.dataSource, 'createQueryRunner').mockImplementation(() => {
      throw new Error('down');
    });
    const answer = await client.get('/chain/jwto-key', KEY);
    expect([answer.status, answer.json.code]).toEqual([503, 'store_unavailable']);
    expect(seen(answer)).toEqual(seen(await client.get('/chain/own')));
    vi.restoreAllMocks();
    await test.close();
  });

  it('answers what an errorMapper made of the refusal where all refuse', async () => {
    const errorMapper = () => ({ status: 418, body: { mapped: true } });
    const test = await startApp({ adapter, metadata, options: { errorMapper } });
    for (const path of CHAINS) {
      expect(seen(await test.client().get(path))).toEqual(seen(await test.client().get('/chain/own')));
    }
    expect((await test.client().get('/chain/jwto-key', KEY)).text).toBe('machine machine');
    await test.close();
  });
});
