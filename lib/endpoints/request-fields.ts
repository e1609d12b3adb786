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

const LOGIN_FIELDS = new Set(['username', 'password', 'mode']);

/** What a login body says. */
export interface LoginInputs {
  mode: Mode;
  /** `undefined` if the body has neither field. */
  credentials: Pick<LoginCredentials, 'username' | 'password'> | undefined;
  /** The fields that only the application knows. */
  others: RequestBody;
}

/**
 * Reads the body of a login.
 *
 * @throws JwtoError `request_invalid` for a mode that the settings do not have; `credentials_missing` naming each field
 * that is missing, empty or not a string
 */
export function readLogin(body: RequestBody, modes: readonly [Mode, ...Mode[]]): LoginInputs {
  const mode = readMode(body, modes);
  const hasCredentials = Object.hasOwn(body, 'username') || Object.hasOwn(body, 'password');
  const others = Object.entries(body).filter(([name]) => !LOGIN_FIELDS.has(name));
  return {
    mode,
    credentials: hasCredentials ? assertCredentials(body) : undefined,
    others: Object.fromEntries(others),
  };
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

function readMode(body: RequestBody, modes: readonly [Mode, ...Mode[]]): Mode {
  const { mode } = body;
  if (mode === undefined) return modes[0];
  const chosen = modes.find((known) => known === mode);
  if (chosen === undefined) throw new RequestInvalidError(`"mode" must be one of ${modes.join(', ')}, or left out.`);
  return chosen;
}

/**
 * Reads a body in which only `jwt_type` counts.
 *
 * @returns what throws `request_invalid` for a `jwt_type` that is not this endpoint's
 */
export function jwtType(due: TokenType): (body: RequestBody) => void {
  return (body) => {
    if (body['jwt_type'] === undefined || body['jwt_type'] === due) return;
    throw new RequestInvalidError(`"jwt_type" must be "${due}" here, or left out.`);
  };
}

/** @throws JwtoError `request_invalid` without a `sid` */
export function readSid({ sid }: RequestBody): string {
  if (typeof sid !== 'string' || sid === '')
    throw new RequestInvalidError('Send the "sid" of a session, a non-empty string.');
  return sid;
}
