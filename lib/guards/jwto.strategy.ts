import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import { JwtoError } from '../errors/jwto-error.js';
import type { JwtoUser } from '../tokens/claims.js';
import { replyTo } from '../transports/raw-reply.js';
import type { AnyRequest } from '../transports/raw-request.js';
import { AuthState, setAuthState } from './auth-state.js';
import { DEFAULT_INSTANCE, type JwtoInstance } from './instance.js';

/** Passport's table of strategies is the process's own; the application that serves a request tells whose turn it is. */
const INSTANCES = new WeakMap<object, Map<string, JwtoInstance>>();

/** Makes `AuthGuard('jwto')`, of a named instance `AuthGuard('jwto-name')`, work in the application of an adapter. */
export function registerStrategy(application: object, instance: JwtoInstance): void {
  const name = strategyName(instance.name);
  const instances = INSTANCES.get(application) ?? new Map<string, JwtoInstance>();
  INSTANCES.set(application, instances.set(name, instance));
  new (strategyClass(name))();
}

function strategyName(instance: string): string {
  return instance === DEFAULT_INSTANCE ? 'jwto' : `jwto-${instance}`;
}

function strategyClass(name: string): new () => object {
  /**
   * The strategy goes the way of our guards. passport-jwt's own `authenticate` is replaced: it verifies by jsonwebtoken,
   * which knows no EdDSA, takes unknown `crit` and needs no `exp`.
   */
  @Injectable()
  class JwtoStrategy extends PassportStrategy(Strategy, name) {
    declare error: (error: Error) => void;
    declare success: (user: JwtoUser) => void;

    constructor() {
      super({
        jwtFromRequest: () => null,
        secretOrKeyProvider: (_request, _token, done) => {
          done(new Error('jwto verifies by itself'));
        },
      });
    }

    override authenticate(request: AnyRequest): void {
      authenticate(name, request).then(
        (user) => {
          this.success(user);
        },
        (error: unknown) => {
          this.error(error as Error);
        },
      );
    }

    validate(): never {
      throw new Error('jwto verifies by itself');
    }
  }
  return JwtoStrategy;
}

/** `AuthGuard` keeps status and body of a refusal that comes by `strategy.error`; by `strategy.fail` it would not. */
async function authenticate(name: string, request: AnyRequest): Promise<JwtoUser> {
  const { app, server } = request as { app?: object; server?: object };
  const instance = INSTANCES.get(app ?? server ?? {})?.get(name);
  if (instance === undefined)
    throw new Error(`AuthGuard('${name}') is used in an application without that JwtoModule.`);
  try {
    const state = new AuthState(instance.name, 'access', await instance.authenticator.authenticate(request, 'access'));
    setAuthState(request, state);
    return state.user;
  } catch (error) {
    if (!(error instanceof JwtoError)) throw error;
    const reply = replyTo(request);
    if (reply !== undefined) instance.refusals.setHeaders(reply, error);
    throw instance.refusals.exception(error);
  }
}
