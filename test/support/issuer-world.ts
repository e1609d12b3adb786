import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, vi } from 'vitest';
import type { TrustedIssuer } from 'jwto';
import { ADAPTERS } from './adapters.js';
import { FakeIssuer } from './fake-issuer.js';
import { takeMachine } from './machine.js';
import type { ringKey } from './rings.js';
import { startApp, type TestApp } from './test-app.js';

/** Another issuer and an application that trusts it, both anew for each test. */
export interface IssuerWorld {
  issuer: FakeIssuer;
  test: TestApp;
  /** What was logged as a warning or an error. */
  logged: string[];
  /** Moves the clocks of the machine on, in seconds. */
  wait(seconds: number): void;
  start(adapter?: (typeof ADAPTERS)[number][1]): Promise<void>;
}

/**
 * Sets the world up around the tests of a file.
 *
 * @param key - that the issuer signs with at first
 * @param trusted - how the application trusts it
 */
export function useIssuer(key: ReturnType<typeof ringKey>, trusted: Partial<TrustedIssuer> = {}): IssuerWorld {
  const world = {} as IssuerWorld;
  world.start = async (adapter = ADAPTERS[0]?.[1]) => {
    const options = { issuers: [world.issuer.trusted(trusted)] };
    world.test = await startApp({ ...(adapter && { adapter }), options });
  };
  beforeEach(async () => {
    world.issuer = await FakeIssuer.start(key);
    world.logged = [];
    for (const level of ['warn', 'error'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((...parts: unknown[]) => {
        world.logged.push(parts.map(String).join(' '));
      });
    }
    const machine = takeMachine();
    world.wait = (seconds) => {
      machine.pass(seconds * 1000);
    };
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await world.test.close();
    await world.issuer.close();
  });
  return world;
}
