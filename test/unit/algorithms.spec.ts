import type { JwtService } from '@nestjs/jwt';
import { jwtVerify, SignJWT } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { getJwtServiceToken, type KeyInput } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ALGORITHMS, jwkOf, makeKeys, makeRsa, pemOf } from '../support/keys.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** jsonwebtoken has no EdDSA, under neither name. */
const KNOWN_TO_JSONWEBTOKEN = ALGORITHMS.filter((name) => name !== 'EdDSA' && name !== 'Ed25519');

const OTHER_RSA = makeRsa(2048);

let test: TestApp;
afterEach(() => test.close());

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const { signing, verifying } = makeKeys(algorithm);
  const secret = signing.type === 'secret';
  const shapes: [string, KeyInput, KeyInput][] = [
    ['a KeyObject', signing, verifying],
    ['a JWK', jwkOf(signing), jwkOf(verifying)],
    [
      'a JWK that says what it is for',
      { ...jwkOf(signing), alg: algorithm, use: 'sig' },
      { ...jwkOf(verifying), alg: algorithm },
    ],
    ...(secret
      ? ([['bytes', signing.export(), '']] satisfies [string, KeyInput, KeyInput][])
      : ([['PEM text', pemOf(signing), pemOf(verifying)]] satisfies [string, KeyInput, KeyInput][])),
  ];

  it.each(shapes)('signs in and verifies with %s', async (_shape, signingKey, verifyingKey) => {
    test = await startApp({ options: { algorithm, signingKey } });
    await signInAndRefresh(test, algorithm);
    if (secret) return;
    await test.close();
    test = await startApp({ options: { algorithm, signingKey, verifyingKey } });
    await signInAndRefresh(test, algorithm);
  });

  it('makes tokens that jose accepts, and accepts what jose makes', async () => {
    test = await startApp({ options: { algorithm, signingKey: signing } });
    const { access, refresh, accessClaims } = await test.tokens.issue(test.users.named('bob'));
    for (const token of [access, refresh]) {
      const { payload, protectedHeader } = await jwtVerify(token, verifying, { algorithms: [algorithm] });
      expect(protectedHeader).toEqual({ alg: algorithm, typ: 'JWT' });
      expect(payload).toEqual(test.tokens.decode(token).payload);
    }
    const foreign = await new SignJWT(accessClaims).setProtectedHeader({ alg: algorithm }).sign(signing);
    expect(await test.tokens.verify(foreign)).toEqual(accessClaims);
  });

  it('does not accept another key of the same kind, nor a changed token', async () => {
    test = await startApp({ options: { algorithm, signingKey: signing } });
    const { access, accessClaims } = await test.tokens.issue(test.users.named('bob'));
    const other =
      algorithm.startsWith('RS') || algorithm.startsWith('PS') ? OTHER_RSA.signing : makeKeys(algorithm).signing;
    const foreign = await new SignJWT(accessClaims).setProtectedHeader({ alg: algorithm }).sign(other);
    const [header, payload, signature] = access.split('.') as [string, string, string];
    const raised = Buffer.from(JSON.stringify({ ...accessClaims, user: { ...accessClaims.user, perms: ['x'] } }));
    for (const token of [
      foreign,
      [header, raised.toString('base64url'), signature].join('.'),
      `${header}.${payload}.AAAA`,
    ]) {
      await expect(test.tokens.verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
    }
    await test.tokens.verify(access);
  });
});

describe.each(KNOWN_TO_JSONWEBTOKEN)('%s and jsonwebtoken', (algorithm) => {
  it('accept what the other makes, as does the JwtService that the application injects', async () => {
    const { signing, verifying } = makeKeys(algorithm);
    test = await startApp({ options: { algorithm, signingKey: signing } });
    const { access, accessClaims } = await test.tokens.issue(test.users.named('bob'));
    expect(jsonwebtoken.verify(access, verifying, { algorithms: [algorithm] })).toEqual(accessClaims);
    expect(await test.tokens.verify(jsonwebtoken.sign(accessClaims, signing, { algorithm }))).toEqual(accessClaims);

    const jwt = test.app.get<JwtService>(getJwtServiceToken());
    expect(jwt.verify(access)).toEqual(accessClaims);
    expect(await jwt.verifyAsync(await jwt.signAsync({ a: 1 }))).toEqual({ a: 1, iat: expect.any(Number) });
    expect(jsonwebtoken.verify(jwt.sign({ a: 1 }), verifying, { algorithms: [algorithm] })).toMatchObject({ a: 1 });
    expect(await test.tokens.verify(jwt.sign(accessClaims))).toEqual(accessClaims);
    const other = jsonwebtoken.sign({ a: 1 }, 'x'.repeat(64), { algorithm: algorithm === 'HS256' ? 'HS512' : 'HS256' });
    expect(() => jwt.verify<object>(other)).toThrow();
  });
});

describe('the JwtService with EdDSA', () => {
  it('says that it cannot, and names what can', async () => {
    test = await startApp({ options: { algorithm: 'EdDSA', signingKey: makeKeys('EdDSA').signing } });
    const jwt = test.app.get<JwtService>(getJwtServiceToken());
    expect(() => jwt.sign({ a: 1 })).toThrow('TokenService');
    const { access } = await test.tokens.issue(test.users.named('bob'));
    expect(() => jwt.verify<object>(access)).toThrow('TokenService');
  });
});

async function signInAndRefresh(app: TestApp, algorithm: string): Promise<void> {
  const client = app.client();
  const { json } = await client.login();
  expect((await client.get('/testapp/protect')).text).toBe('worked!');
  expect(app.tokens.decode(json.access ?? '').header).toEqual({ alg: algorithm, typ: 'JWT' });
  client.bearer = json.refresh;
  expect((await client.refresh('refresh_access')).status).toBe(200);
}
