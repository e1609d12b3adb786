import type { JwtoErrorCode } from 'jwto';
import { claimsOf } from '../support/forge.js';

/** What came back; status 0 if nothing did. */
export interface Reply {
  status: number;
  code: JwtoErrorCode | undefined;
  access: string;
  refresh: string;
  retryAfter: number | undefined;
  /** Why nothing came back. */
  failure?: unknown;
}

/** A refresh endpoint. */
export type RefreshEndpoint = 'refresh_access' | 'update_refresh' | 'validate_refresh' | 'logout';

let lastUser = 0;

/** A user whom no other test of this worker signs in. */
export function newUser(): string {
  return `user-${String(++lastUser)}`;
}

export function login(url: string, username = newUser()): Promise<Reply> {
  return ask(`${url}/login/`, { body: JSON.stringify({ username, password: 'pass' }) });
}

export function refresh(url: string, token: string, endpoint: RefreshEndpoint = 'refresh_access'): Promise<Reply> {
  return ask(`${url}/api/token/refresh/${endpoint}/`, { token });
}

/** Asks a guarded route. */
export function guarded(url: string, token: string): Promise<Reply> {
  return ask(`${url}/guarded`, { token, method: 'GET' });
}

export function sidOf(token: string): string {
  return String(claimsOf(token)['sid']);
}

export function jtiOf(token: string): string {
  return String(claimsOf(token)['jti']);
}

export function expOf(token: string): number {
  return Number(claimsOf(token)['exp']);
}

async function ask(
  url: string,
  { token, method = 'POST', body = null }: { token?: string; method?: string; body?: string | null },
): Promise<Reply> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === null ? {} : { 'content-type': 'application/json' }),
  };
  try {
    const response = await fetch(url, { method, headers, body });
    const text = await response.text();
    const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Partial<Record<string, string>>;
    const retryAfter = response.headers.get('retry-after');
    return {
      status: response.status,
      code: json['code'] as JwtoErrorCode | undefined,
      access: json['access'] ?? '',
      refresh: json['refresh'] ?? '',
      retryAfter: retryAfter === null ? undefined : Number(retryAfter),
    };
  } catch (failure) {
    return { status: 0, code: undefined, access: '', refresh: '', retryAfter: undefined, failure };
  }
}
