import { hasLeft, requestInfo, type AnyRequest } from '../http/raw-request.js';
import type { AnyReply } from '../http/raw-reply.js';
import { OwnSignIn } from '../sign-in/own-sign-in.js';
import type { IssueOptions } from '../sign-in/token-service-options.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { SignInUser } from '../users/user-provider.js';
import type { EndpointParts } from './exchange.js';
import { deliver, olderSessions } from './replaced-sessions.js';

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
    const older = await olderSessions(this.parts, request);
    // The mode of `like` is not known yet, and may be one of cookies.
    const mode = options.mode ?? (options.like === undefined ? settings.modes[0] : undefined);
    const isJson = mode === 'JSON' || settings.modes.every((one) => one === 'JSON');
    if (!isJson || older.length > 0) csrf.assertLogin(request);
    const issued = await tokens.issue(user, {
      ...options,
      request: requestInfo(request),
      replaces: older,
      hasLeft: () => hasLeft(request),
    });
    deliver(this.parts, { request, reply }, issued, older);
    return issued;
  }
}
