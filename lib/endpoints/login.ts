import { JwtoError } from '../errors/jwto-error.js';
import type { JwtoClaims, TokenType } from '../tokens/claims.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { OwnSignIn } from '../sign-in/own-sign-in.js';
import type { IssueOptions } from '../sign-in/token-service-options.js';
import type { AnyReply } from '../http/raw-reply.js';
import type { Carrier } from '../http/carrier.js';
import { carrierOf } from '../http/http-carrier.js';
import { hasLeft, type AnyRequest } from '../http/raw-request.js';
import type { SignInUser } from '../users/user-provider.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';
import { unreadType, type RequestBody } from '../http/request-body.js';
import { assertCredentials, readCredentials, readMode } from './request-fields.js';

/** `POST /login/` */
export async function login(parts: EndpointParts, exchange: Exchange): Promise<Answer> {
  try {
    return await signIn(parts, exchange);
  } catch (error) {
    if (error instanceof JwtoError)
      parts.events.emit('jwto.login_failed', { request: exchange.info, reason: error.code });
    throw error;
  }
}

async function signIn(parts: EndpointParts, { request, carrier, reply, body, info }: Exchange): Promise<Answer> {
  const mode = readMode(body, parts.options.modes);
  const credentials = readCredentials(body);
  const older = await olderSessions(parts, carrier);
  if (mode !== 'JSON' || older.length > 0) parts.csrf.assertLogin(carrier);

  if (credentials === undefined) {
    if (await isSignedIn(parts, carrier)) return ANSWERS.alreadySignedIn;
    return assertCredentials(body, unreadType(request)) as never;
  }
  await parts.timekeeper.settle();
  const tokens = await parts.signIn.withPassword(credentials, {
    mode,
    request: info,
    body: withoutCredentials(body),
    replaces: older,
    hasLeft: () => hasLeft(request),
  });
  deliver(parts, { request, reply }, tokens, older);
  return ANSWERS.signedIn(tokens);
}

/** `TokenService.signIn`: what the login endpoint does, but for the password. */
export class OwnSignInRoute extends OwnSignIn {
  constructor(private readonly parts: EndpointParts) {
    super();
  }

  override async signIn(
    request: AnyRequest,
    reply: AnyReply,
    user: SignInUser,
    options: Omit<IssueOptions, 'request'>,
  ): Promise<IssuedTokens> {
    const { csrf, options: settings, tokens } = this.parts;
    const carrier = carrierOf(request);
    const older = await olderSessions(this.parts, carrier);
    // The mode of `like` is not known yet, and may be one of cookies.
    const mode = options.mode ?? (options.like === undefined ? settings.modes[0] : undefined);
    const isJson = mode === 'JSON' || settings.modes.every((one) => one === 'JSON');
    if (!isJson || older.length > 0) csrf.assertLogin(carrier);
    const issued = await tokens.issue(user, {
      ...options,
      request: carrier.info,
      replaces: older,
      hasLeft: () => hasLeft(request),
    });
    deliver(this.parts, { request, reply }, issued, older);
    return issued;
  }
}

/** The cookies of the new session, or none where the old ones are dead and the new tokens travel in bodies. */
function deliver(
  { transport }: EndpointParts,
  { request, reply }: Pick<Exchange, 'request' | 'reply'>,
  tokens: IssuedTokens,
  older: readonly JwtoClaims[],
): void {
  if (tokens.mode !== 'JSON') transport.write(reply, tokens, request);
  else if (older.length > 0) transport.clear(reply, request);
}

/**
 * The sessions whose cookies the request carries. A header's session is not this client's to replace.
 *
 * @throws JwtoError `request_invalid` for too many cookies, `store_unavailable`
 */
function olderSessions({ reader, verifier }: EndpointParts, carrier: Carrier): Promise<JwtoClaims[]> {
  return verifier.identifyAll(reader.readCookies(carrier));
}

async function isSignedIn({ authenticator, options }: EndpointParts, carrier: Carrier): Promise<boolean> {
  const types: TokenType[] = options.modes.includes('JSON') ? ['access', 'refresh'] : ['access'];
  for (const type of types) {
    if (await authenticator.isGood(carrier, type)) return true;
  }
  return false;
}

function withoutCredentials(body: RequestBody): RequestBody {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !['username', 'password', 'mode'].includes(name)));
}
