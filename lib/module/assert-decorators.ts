import type { ModulesContainer } from '@nestjs/core';
import { assertUnambiguous } from '../guards/requirements.js';

/** Applications whose decorators were looked at; there may be several module instances. */
const CHECKED = new WeakSet<ModulesContainer>();

/**
 * Looks at the guard decorators of every controller, resolver and gateway of an application.
 *
 * @throws JwtoConfigurationError for a target on which `@Public()` stands beside a requirement
 */
export function assertDecorators(modules: ModulesContainer): void {
  if (CHECKED.has(modules)) return;
  CHECKED.add(modules);
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      if (typeof metatype === 'function') assertUnambiguous(metatype);
    }
  }
}
