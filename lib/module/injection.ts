import { Inject, type InjectionToken } from '@nestjs/common';
import { JwtoEvents } from '../events/jwto-events.js';
import { DEFAULT_INSTANCE } from '../authentication/instance.js';
import { TokenService } from '../sign-in/token-service.js';
import { TokenTransport } from '../credentials/token-transport.js';

/** The injection token of the {@link TokenService} of a module instance. */
export function getTokenServiceToken(name: string = DEFAULT_INSTANCE): InjectionToken {
  return name === DEFAULT_INSTANCE ? TokenService : `jwto:tokens:${name}`;
}

/** The injection token of the {@link TokenTransport} of a module instance. */
export function getTokenTransportToken(name: string = DEFAULT_INSTANCE): InjectionToken {
  return name === DEFAULT_INSTANCE ? TokenTransport : `jwto:transport:${name}`;
}

/** The injection token of the {@link JwtoEvents} of a module instance. */
export function getEventsToken(name: string = DEFAULT_INSTANCE): InjectionToken {
  return name === DEFAULT_INSTANCE ? JwtoEvents : `jwto:events:${name}`;
}

/**
 * The injection token of the `JwtService` of \@nestjs/jwt over the keys of a module instance. It is never the class: that
 * is the application's own, which signs something else with another secret.
 *
 * Tests replace it by `overrideProvider(getJwtServiceToken())`: `sign` of the replacement then signs what the library
 * issues, save with an algorithm or claims that jsonwebtoken cannot sign. Tokens are verified without it.
 *
 * @example `constructor(@Inject(getJwtServiceToken()) jwt: JwtService)`
 */
export function getJwtServiceToken(name: string = DEFAULT_INSTANCE): InjectionToken {
  return `jwto:jwt:${name}`;
}

/** Injects the {@link TokenService} of a named module instance. @example `constructor(@InjectTokenService('admin') tokens: TokenService)` */
export function InjectTokenService(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(getTokenServiceToken(name));
}

/** Injects the {@link JwtoEvents} of a named module instance. */
export function InjectJwtoEvents(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(getEventsToken(name));
}
