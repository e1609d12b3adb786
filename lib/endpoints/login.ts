import { JwtoError } from '../errors/jwto-error.js';
import type { JwtoClaims, TokenType } from '../tokens/claims.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { OwnSignIn, type IssueFor } from '../sign-in/own-sign-in.js';
import type { IssueOptions } from '../sign-in/token-service-options.js';
import type { AnyReply } from '../http/raw-reply.js';
import { hasLeft, requestInfo, type AnyRequest } from '../http/raw-request.js';
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

async function signIn(parts: EndpointParts, { request, reply, body, info }: Exchange): Promise<Answer> {
  const mode = readMode(body, parts.options.modes);
  const credentials = readCredentials(body);
  const older = await olderSessions(parts, request);
  if (mode !== 'JSON' || older.length > 0) parts.csrf.assertLogin(request);

  if (credentials === undefined) {
    if (await isSignedIn(parts, request)) return ANSWERS.alreadySignedIn;
    return assertCredentials(body, unreadType(request)) as never;
  }
  const { user, signedInAt } = await parts.signIn.authenticate(credentials, {
    body: withoutCredentials(body),
    request: info,
  });
  const tokens = await parts.tokens.issue(user, {
    mode,
    signedInAt,
    body: withoutCredentials(body),
    ...forRequest(request, older),
  });
  deliver(parts, { request, reply }, tokens, older);
  return ANSWERS.signedIn(tokens);
}

/** What `TokenService.signIn` needs of the rooms around it. */
type SignInParts = Pick<EndpointParts, 'options' | 'reader' | 'verifier' | 'csrf' | 'transport'>;

/** `TokenService.signIn`: what the login endpoint does, but for the password. */
export class OwnSignInRoute extends OwnSignIn {
  constructor(private readonly parts: SignInParts) {
    super();
  }

  override async signIn(
    request: AnyRequest,
    reply: AnyReply,
    options: Pick<IssueOptions, 'mode' | 'like'>,
    issue: IssueFor,
  ): Promise<IssuedTokens> {
    const { csrf, options: settings } = this.parts;
    const older = await olderSessions(this.parts, request);
    // The mode of `like` is not known yet, and may be one of cookies.
    const mode = options.mode ?? (options.like === undefined ? settings.modes[0] : undefined);
    const isJson = mode === 'JSON' || settings.modes.every((one) => one === 'JSON');
    if (!isJson || older.length > 0) csrf.assertLogin(request);
    const issued = await issue(forRequest(request, older));
    deliver(this.parts, { request, reply }, issued, older);
    return issued;
  }
}

/** What a request adds to a sign-in. */
function forRequest(
  request: AnyRequest,
  older: readonly JwtoClaims[],
): Pick<IssueOptions, 'request' | 'replaces' | 'hasLeft'> {
  return { request: requestInfo(request), replaces: older, hasLeft: () => hasLeft(request) };
}

/** The cookies of the new session, or none where the old ones are dead and the new tokens travel in bodies. */
function deliver(
  { transport }: Pick<EndpointParts, 'transport'>,
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
function olderSessions(
  { reader, verifier }: Pick<EndpointParts, 'reader' | 'verifier'>,
  request: Exchange['request'],
): Promise<JwtoClaims[]> {
  return verifier.identifyAll(reader.readCookies(request));
}

async function isSignedIn({ authenticator, options }: EndpointParts, request: Exchange['request']): Promise<boolean> {
  const types: TokenType[] = options.modes.includes('JSON') ? ['access', 'refresh'] : ['access'];
  for (const type of types) {
    if (await authenticator.isGood(request, type)) return true;
  }
  return false;
}

function withoutCredentials(body: RequestBody): RequestBody {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !['username', 'password', 'mode'].includes(name)));
}
