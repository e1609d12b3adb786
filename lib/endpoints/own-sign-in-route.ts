import { carrierOf } from '../http/http-carrier.js';
import { hasLeft, type AnyRequest } from '../http/raw-request.js';
import type { AnyReply } from '../http/raw-reply.js';
import { OwnSignIn, type IssueFor } from '../sign-in/own-sign-in.js';
import type { IssueOptions } from '../sign-in/token-service-options.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { EndpointParts } from './exchange.js';
import { deliver, olderSessions } from './replaced-sessions.js';

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
    const carrier = carrierOf(request);
    const older = await olderSessions(this.parts, carrier);
    // The mode of `like` is not known yet, and may be one of cookies.
    const mode = options.mode ?? (options.like === undefined ? settings.modes[0] : undefined);
    const isJson = mode === 'JSON' || settings.modes.every((one) => one === 'JSON');
    if (!isJson || older.length > 0) csrf.assertLogin(carrier);
    const issued = await issue({
      request: carrier.info,
      replaces: older,
      hasLeft: () => hasLeft(request),
    });
    deliver(this.parts, { request, reply }, issued, older);
    return issued;
  }
}
