import { Injectable, type HttpException } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import { JwtoError, provesNobody } from '../errors/jwto-error.js';
import type { JwtoUser } from '../tokens/claims.js';
import { replyTo, setHeadersAt } from '../http/raw-reply.js';
import { carrierOf } from '../http/http-carrier.js';
import type { AnyRequest } from '../http/raw-request.js';
import { setAuthState, setNobody } from '../authentication/auth-state.js';
import { isOpen } from './global-guards.js';
import { DEFAULT_INSTANCE, type JwtoInstance } from '../authentication/instance.js';
import { answerFailures, asFailure, type PassportLike } from './passport-failure.js';

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
    declare error: (error: unknown) => void;
    declare success: (user: JwtoUser) => void;
    /** Nest's types leave it out. */
    declare getPassportInstance: () => PassportLike;

    constructor() {
      super({
        jwtFromRequest: () => null,
        secretOrKeyProvider: (_request, _token, done) => {
          done(new Error('jwto verifies by itself'));
        },
      });
      answerFailures(this.getPassportInstance());
    }

    override authenticate(request: AnyRequest, options: object): void {
      if (isOpen(options)) {
        this.pass();
        return;
      }
      authenticate(name, request)
        .then((outcome) => {
          if ('user' in outcome) this.success(outcome.user);
          else if (outcome.endsChain) this.error(outcome.refusal);
          else this.fail(asFailure(outcome.refusal), 401);
        })
        // Also what the next strategy throws, which is asked within `fail`.
        .catch((error: unknown) => {
          this.error(error);
        });
    }

    validate(): never {
      throw new Error('jwto verifies by itself');
    }
  }
  return JwtoStrategy;
}

/** Who a request is from, or why nobody; the next strategy may know better where there is no good token. */
type Outcome = { user: JwtoUser } | { refusal: HttpException; endsChain: boolean };

async function authenticate(name: string, request: AnyRequest): Promise<Outcome> {
  const { app, server } = request as { app?: object; server?: object };
  const instance = INSTANCES.get(app ?? server ?? {})?.get(name);
  if (instance === undefined)
    throw new Error(`AuthGuard('${name}') is used in an application without that JwtoModule.`);
  const carrier = carrierOf(request);
  try {
    const authenticated = await instance.authenticator.authenticate(carrier, 'access');
    return { user: setAuthState(carrier, 'access', authenticated).user };
  } catch (error) {
    setNobody(carrier);
    if (!(error instanceof JwtoError)) throw error;
    const refusal = instance.refusals.exception(error);
    const reply = replyTo(request);
    if (reply !== undefined) setHeadersAt(reply, refusal.getStatus(), instance.refusals.headers(error));
    return { refusal, endsChain: !provesNobody(error) };
  }
}
