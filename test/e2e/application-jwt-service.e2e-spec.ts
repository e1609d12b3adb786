import {
  Body,
  Controller,
  Inject,
  Injectable,
  Module,
  Post,
  type DynamicModule,
  type ModuleMetadata,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import * as jwto from 'jwto';
import { getJwtServiceToken, JwtoModule, TokenService } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { start, type Started } from '../support/start.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const MAIL_SECRET = 'the-secret-of-the-links-in-the-mails';

/** Sends links to reset a password, signed with a secret of their own. */
@Injectable()
class Mails {
  constructor(@Inject(JwtService) readonly jwt: JwtService) {}
}

@Controller()
class ResetController {
  constructor(@Inject(Mails) private readonly mails: Mails) {}

  @Post('reset')
  reset(@Body('token') token: string): string {
    try {
      return this.mails.jwt.verify<{ sub: string }>(token).sub;
    } catch {
      return 'refused';
    }
  }
}

const mail = (global: boolean): DynamicModule =>
  JwtModule.register({ secret: MAIL_SECRET, global, signOptions: { expiresIn: '15m' } });
const sign = (name?: string): DynamicModule =>
  JwtoModule.forRoot({
    signingKey: `${SIGNING_KEY}${name ?? ''}`,
    users: TestUsers,
    name,
    ...(name && { refreshCookiePath: name, endpoints: { login: 'l', validateAccess: 'v', sessions: 's' } }),
  });

@Module({ controllers: [ResetController], providers: [Mails], exports: [Mails] })
class Feature {}

@Module({ imports: [mail(false)], controllers: [ResetController], providers: [Mails], exports: [Mails] })
class FeatureWithItsOwn {}

const local = { controllers: [ResetController], providers: [Mails] };
const PLACES: [string, ModuleMetadata][] = [
  ['before ours', { imports: [mail(false), sign()], ...local }],
  ['after ours', { imports: [sign(), mail(false)], ...local }],
  ['global, before ours', { imports: [mail(true), sign(), Feature] }],
  ['global, after ours', { imports: [sign(), mail(true), Feature] }],
  ['in a feature of its own', { imports: [sign(), FeatureWithItsOwn] }],
  ['beside two of ours', { imports: [sign(), mail(true), sign('admin'), Feature] }],
];

let test: Started | undefined;
afterEach(async () => {
  await test?.close();
  test = undefined;
});

describe.each(ADAPTERS)('the JwtService of the application on %s', (_name, adapter) => {
  it.each(PLACES)('is its own: JwtModule %s', async (_where, metadata) => {
    test = await start({ adapter, ...metadata });
    const { jwt } = test.app.get(Mails, { strict: false });
    const link = jwt.sign({ sub: 'bob' });
    const { exp, iat } = jwt.decode<{ exp: number; iat: number }>(link);
    expect(exp - iat).toBe(15 * 60);
    expect(jwt.verify(link, { secret: MAIL_SECRET })).toMatchObject({ sub: 'bob' });
    expect(() => jwt.verify<object>(link, { secret: 'another-secret' })).toThrow();
    expect(test.app.get(JwtService, { strict: false })).toBe(jwt);

    const client = test.client();
    const { json } = await client.login('bob');
    const reset = async (token: string | undefined): Promise<string> =>
      (await client.send('/reset', { json: { token } })).text;
    expect(await reset(link)).toBe('bob');
    expect(await reset(json.access)).toBe('refused');
    expect(await reset(json.refresh)).toBe('refused');
    client.bearer = link;
    expect((await client.send('/validate_access/')).json.code).toBe('token_invalid');
  });

  it('is missed where it imports none', async () => {
    await expect(start({ adapter, imports: [sign(), Feature] })).rejects.toThrow(/JwtService/);
  });
});

describe('the JwtService over our keys', () => {
  it.each([undefined, 'admin'])('has a token of its own: instance %s', async (name) => {
    test = await start({ imports: [sign(name)] });
    const token = getJwtServiceToken(name);
    expect(token).not.toBe(JwtService);
    const jwt = test.app.get<JwtService>(token);
    const tokens = test.app.get<TokenService>(jwto.getTokenServiceToken(name));
    const { access, sid } = await tokens.issue({ id: 2, username: 'bob' });
    expect(jwt.verify(access)).toMatchObject({ sid });
  });

  it('refuses to be given another key, which it would not use', async () => {
    test = await start({ imports: [sign()] });
    const jwt = test.app.get<JwtService>(getJwtServiceToken());
    const token = jwt.sign({ sub: 'bob' });
    for (const other of [{ secret: MAIL_SECRET }, { publicKey: MAIL_SECRET }, { secret: '' }]) {
      expect(() => jwt.verify<object>(token, other)).toThrow(/keys of jwto/);
    }
    expect(() => jwt.sign({ sub: 'bob' }, { secret: MAIL_SECRET })).toThrow(/keys of jwto/);
    expect(() => jwt.sign({ sub: 'bob' }, { privateKey: MAIL_SECRET })).toThrow(/keys of jwto/);
    expect(jwt.verify(token, { secret: undefined as unknown as string })).toMatchObject({ sub: 'bob' });
  });
});

it('no class of anybody else is provided or exported under its own name', async () => {
  test = await start({ imports: [sign(), sign('admin')] });
  const own = new Set<unknown>(Object.values(jwto));
  const ofOthers = ['JwtService', 'Reflector', 'DataSource', 'EventEmitter2'];
  const modules = [...test.app.get(ModulesContainer).values()].filter(({ metatype }) =>
    metatype.name.startsWith('Jwto'),
  );
  expect(modules.filter(({ metatype }) => metatype === JwtoModule)).toHaveLength(2);
  for (const { exports, providers } of modules) {
    const isModule = (token: unknown): boolean => modules.some(({ metatype }) => metatype === token);
    const classes = [...exports].filter((token) => typeof token === 'function' && !isModule(token));
    expect(classes.filter((one) => !own.has(one))).toEqual([]);
    const names = [...providers.keys()].map((token) => (typeof token === 'function' ? token.name : ''));
    expect(names.filter((one) => ofOthers.includes(one))).toEqual([]);
  }
});
