import { Controller, Get, Post } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  JwtLoginRequired,
  JwtoGuard,
  JwtPermRequired,
  JwtRefreshRequired,
  Public,
  TokenClaims,
  type JwtoClaims,
  type JwtoUser,
} from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';
import type { Client } from '../support/client.js';

const OK = 'ok';
@Controller('class')
@JwtLoginRequired()
class ClassController {
  @Get('login')
  login(): string {
    return OK;
  }
  @Get('both')
  @JwtLoginRequired()
  both(): string {
    return OK;
  }
  @Get('perm')
  @JwtPermRequired(['perm1'])
  perm(): string {
    return OK;
  }
  @Get('refresh')
  @JwtRefreshRequired()
  refresh(): string {
    return OK;
  }
  @Get('public')
  @Public()
  public(@CurrentUser() user: JwtoUser | undefined, @TokenClaims() claims: JwtoClaims | undefined): string {
    return user === undefined && claims === undefined ? OK : 'somebody';
  }
}

@Controller('perms')
@JwtPermRequired(['perm1'])
class PermsController {
  @Get('class')
  one(): string {
    return OK;
  }
  @Get('both')
  @JwtPermRequired(['perm2'])
  both(): string {
    return OK;
  }
  @Get('all')
  @JwtPermRequired(['perm1', 'perm2'])
  all(): string {
    return OK;
  }
  @Get('any')
  @JwtPermRequired(['perm2', 'perm3', 'perm1'], { any: true })
  any(): string {
    return OK;
  }
  @Get('twice')
  @JwtPermRequired(['perm1'])
  @JwtPermRequired(['perm2'], { any: true })
  twice(): string {
    return OK;
  }
}

@Controller('plain')
class PlainController {
  @Get('unguarded')
  unguarded(): string {
    return OK;
  }
  @Get('no_guard')
  noGuard(@CurrentUser() user: JwtoUser): string {
    return user.username;
  }
  @Get('fields')
  @JwtLoginRequired()
  fields(
    @CurrentUser('id') id: number,
    @CurrentUser('username') username: string,
    @CurrentUser('nothing') nothing: unknown,
    @TokenClaims('sub') sub: string,
    @TokenClaims() claims: JwtoClaims,
  ): object {
    // A handler may change its copy.
    claims.user.perms.push('perm9');
    return { id, username, nothing: nothing === undefined, sub, perms: claims.user.perms };
  }
  @Post('change')
  @JwtRefreshRequired()
  change(@TokenClaims('type') type: string): object {
    return { type };
  }
}

const controllers = [ClassController, PermsController, PlainController];

async function as(client: Client, username: string): Promise<Client> {
  await client.login(username, username === 'admin' ? 'abc123' : 'pass');
  return client;
}

describe.each(ADAPTERS)('the guards on %s', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter, metadata: { controllers } });
  });
  afterAll(() => test.close());

  it('stand on a class, on a method, and on both', async () => {
    const alice = await as(test.client(), 'alice');
    for (const path of ['/class/login', '/class/both', '/class/public', '/plain/unguarded', '/testapp/protect']) {
      expect((await alice.get(path)).text, path).toMatch(/ok|worked/);
      const open = path === '/class/public' || path === '/plain/unguarded';
      expect((await test.client().get(path)).status, path).toBe(open ? 200 : 401);
    }
    expect((await test.client().get('/class/login')).json).toEqual({
      statusCode: 401,
      error: 'Token not found in "Authorization" header.',
      code: 'token_missing',
    });
  });

  it('add the permissions of class and method up, and take any one where told', async () => {
    const outcome = async (username: string): Promise<number[]> => {
      const client = await as(test.client(), username);
      const answers = ['/class/perm', '/perms/class', '/perms/both', '/perms/all', '/perms/any', '/perms/twice'].map(
        (path) => client.get(path),
      );
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    expect(await outcome('alice')).toEqual([403, 403, 403, 403, 403, 403]);
    expect(await outcome('bob')).toEqual([200, 200, 403, 403, 200, 403]);
    expect(await outcome('admin')).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it('tell a lacking permission from a token without any', async () => {
    const [alice, bob] = [await as(test.client(), 'alice'), await as(test.client(), 'bob')];
    const denied = { statusCode: 403, code: 'permission_denied' };
    expect((await alice.get('/perms/both')).json).toEqual({ ...denied, error: 'Invalid permissions for jwt token.' });
    const answer = await bob.get('/perms/both');
    expect(answer.json).toEqual({ ...denied, error: 'Insufficient Permissions.' });
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  it('take each type of token where it is due', async () => {
    const client = test.client();
    const { json } = await client.login();
    expect((await client.get('/class/refresh')).json.code).toBe('token_wrong_type');
    expect((await client.get('/testapp/refresh_only')).json.code).toBe('token_wrong_type');
    client.bearer = json.refresh;
    expect((await client.get('/class/refresh')).text).toBe(OK);
    expect((await client.send('/plain/change')).json).toEqual({ type: 'refresh' });
    expect((await client.get('/class/login')).json.code).toBe('token_wrong_type');
    expect(await test.tokens.revokeUser(1)).toBeGreaterThan(0);
    expect((await client.get('/class/refresh')).json.code).toBe('token_revoked');
  });

  it('give the user, a field of it, and the claims to the handler, each request its own', async () => {
    const bob = await as(test.client(), 'bob');
    const fields = { id: 2, username: 'bob', nothing: true, sub: '2', perms: ['perm1', 'perm9'] };
    expect((await bob.get('/plain/fields')).json).toEqual(fields);
    expect((await bob.get('/plain/fields')).json).toEqual(fields);
    expect((await bob.get('/class/public')).text).toBe(OK);
  });

  it('are missed where @CurrentUser stands on an unguarded route', async () => {
    const answer = await (await as(test.client(), 'bob')).get('/plain/no_guard');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('bob');
  });
});

const APP_GUARDS = {
  useClass: { providers: [{ provide: APP_GUARD, useClass: JwtoGuard }] },
  useExisting: { providers: [{ provide: APP_GUARD, useExisting: JwtoGuard }] },
  'a provider of its own': { providers: [JwtoGuard, { provide: APP_GUARD, useExisting: JwtoGuard }] },
  useGlobalGuards: {},
};

describe.each(ADAPTERS)('JwtoGuard as a global guard on %s', (_name, adapter) => {
  it.each(Object.entries(APP_GUARDS))('guards every route but the public ones, by %s', async (how, more) => {
    const test = await startApp({
      adapter,
      metadata: { controllers, ...more },
      setUp: (app) => how === 'useGlobalGuards' && app.useGlobalGuards(app.get(JwtoGuard)),
    });
    const nobody = test.client();
    for (const path of ['/plain/unguarded', '/class/login', '/perms/any']) {
      expect((await nobody.get(path)).json.code, path).toBe('token_missing');
    }
    expect((await nobody.get('/class/public')).text).toBe(OK);
    const bob = await as(test.client(), 'bob');
    expect((await bob.get('/plain/unguarded')).text).toBe(OK);
    expect((await bob.get('/plain/no_guard')).text).toBe('bob');
    expect((await bob.get('/class/public')).text).toBe(OK);
    expect((await bob.get('/perms/both')).status).toBe(403);
    const { json } = await test.client().login();
    bob.bearer = json.refresh;
    expect((await bob.get('/testapp/refresh_only')).text).toBe('refresh');
    expect((await bob.refresh('refresh_access')).status).toBe(200);
    await test.close();
  });
});

describe('JwtPermRequired', () => {
  it('refuses at once what would guard nothing', () => {
    for (const perms of [[], [''], [7], 'perm1', undefined, null]) {
      expect(() => JwtPermRequired(perms as string[])).toThrow(TypeError);
    }
  });
});
