import { IsNotEmpty, IsString, validateSync } from 'class-validator';
import { CredentialsMissingError, RequestInvalidError } from '../errors/request-errors.js';
import type { Mode } from '../options/jwto-options.js';
import type { TokenType } from '../tokens/claims.js';
import type { LoginCredentials } from '../users/user-provider.js';
import type { RequestBody } from '../http/request-body.js';

/** The one place that says what a login body is called. */
class LoginBody implements Pick<LoginCredentials, 'username' | 'password'> {
  @IsString()
  @IsNotEmpty()
  username!: string;

  @IsString()
  @IsNotEmpty()
  password!: string;

  /** Documents the body in the application's OpenAPI document, as the plugin of @nestjs/swagger would. */
  static _OPENAPI_METADATA_FACTORY(): object {
    return {
      username: { required: true, type: () => String, maxLength: 150 },
      password: { required: true, type: () => String, maxLength: 1024 },
    };
  }
}

export { LoginBody };

/**
 * @returns the credentials of a login body; `undefined` if it has neither field
 * @throws JwtoError `credentials_missing` naming each field that is missing, empty or no text
 */
export function readCredentials(body: RequestBody): Pick<LoginCredentials, 'username' | 'password'> | undefined {
  if (!Object.hasOwn(body, 'username') && !Object.hasOwn(body, 'password')) return undefined;
  return assertCredentials(body);
}

/**
 * @param unread - the content type of a body that was not read
 * @throws JwtoError `credentials_missing`
 */
export function assertCredentials(
  { username, password }: RequestBody,
  unread?: string,
): Pick<LoginCredentials, 'username' | 'password'> {
  const credentials = Object.assign(new LoginBody(), { username, password });
  const wrong = validateSync(credentials).map(({ property }) => property);
  if (wrong.length > 0) throw new CredentialsMissingError(wrong, unread);
  return credentials;
}

/** @throws JwtoError `request_invalid` for a mode that the settings do not have */
export function readMode(body: RequestBody, modes: readonly [Mode, ...Mode[]]): Mode {
  const { mode } = body;
  if (mode === undefined) return modes[0];
  const chosen = modes.find((known) => known === mode);
  if (chosen === undefined) throw new RequestInvalidError(`"mode" must be one of ${modes.join(', ')}, or left out.`);
  return chosen;
}

/** @throws JwtoError `request_invalid` for a `jwt_type` that is not this endpoint's */
export function assertJwtType(body: RequestBody, due: TokenType): void {
  if (body['jwt_type'] !== undefined && body['jwt_type'] !== due) {
    throw new RequestInvalidError(`"jwt_type" must be "${due}" here, or left out.`);
  }
}

/** @throws JwtoError `request_invalid` without a `sid` */
export function readSid({ sid }: RequestBody): string {
  if (typeof sid !== 'string' || sid === '')
    throw new RequestInvalidError('Send the "sid" of a session, a non-empty string.');
  return sid;
}
