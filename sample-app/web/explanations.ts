/** What each code of a refusal means for those who write the page, beyond the server's own words. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  request_invalid: 'The request itself is wrong. Nothing of it was looked at any further, and nothing has changed.',
  credentials_missing:
    'The server names each field that is missing, empty or not a string, before any password is looked at.',
  credentials_invalid:
    'An unknown user, a wrong password and an inactive user are answered in the same words and the same time, so that nobody can find out which users there are.',
  login_throttled: 'Too many attempts. The header Retry-After says when to try again.',
  token_missing: 'The request carried no credential. Nobody is signed in, or the cookies were not sent.',
  token_malformed:
    'What was sent is not built like a token: three parts in canonical base64url, with JSON in the first two.',
  token_invalid:
    'Signature, algorithm, key or a required claim is wrong. One text for all of them: a forger learns nothing from it.',
  token_expired:
    'The token was good once. A client refreshes now and sends the request again; jwto/client does so by itself.',
  token_wrong_type: 'A refresh token opens no route, and an access token refreshes nothing.',
  token_revoked:
    'The session was ended, and its access token with it, although the token itself is still good for minutes.',
  token_reused:
    'Somebody used a refresh token that had been replaced. Either the user or a thief holds the newer one and nobody can tell who, so the whole session is ended.',
  user_inactive: 'The user is gone or was deactivated since the sign-in. It is noticed at the next refresh.',
  already_blacklisted: 'This session had been ended before. The page may take it for signed out.',
  session_not_found: 'There is no such session of this user. Another user’s session is answered just the same.',
  permission_denied: 'The credential is good, but its user lacks the permission. Signing in again will not help.',
  csrf_missing:
    'The credential came in a cookie, which a browser sends along for any page. So the page must show that it can read the CSRF cookie, by a header.',
  csrf_mismatch: 'The header X-CSRFToken is not the value of the cookie, or belongs to another session.',
  csrf_origin: 'The request came from a page of another origin, which is not among the trusted ones.',
  token_too_large: 'With all its claims the token would not fit into a cookie, so nobody was signed in.',
  store_unavailable: 'The database does not answer, and the answer is needed. Nobody is signed out: try again.',
  unavailable: 'No answer came. Nobody is signed out: try again.',
};

export function explain(code: string | undefined): string | undefined {
  return code === undefined ? undefined : EXPLANATIONS[code];
}
