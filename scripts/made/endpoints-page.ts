import { ENDPOINTS } from '../../lib/endpoints/endpoint-list.js';
import { ENDPOINT_NAMES, ENDPOINT_PATHS } from '../../lib/options/endpoint-paths.js';
import { docstringOf } from './docstrings.js';
import { asCell, table, withParts } from './tables.js';

/** `docs/endpoints.md`: its table of endpoints is made of the list, and of the docstring of each. */
export function endpointsPage(): string {
  const rows = ENDPOINT_NAMES.flatMap((setting) =>
    ENDPOINTS[setting].map(({ name, method, belowRefreshPath, verb }) => {
      const { text, returns } = docstringOf(`lib/endpoints/${fileOf(name)}.ts`, name);
      if (returns === undefined) throw new Error(`the docstring of ${name} has no @returns`);
      const segments = [belowRefreshPath === true ? '<refreshPath>' : [], ENDPOINT_PATHS[setting].path, verb ?? []];
      const path = `/${segments.flat().join('/')}`;
      return [`\`${method} ${path}${path.endsWith('.json') ? '' : '/'}\``, asCell(text), asCell(returns)];
    }),
  );
  return withParts('docs/endpoints.md', { endpoints: table(['endpoint', 'what it does', 'success'], rows) });
}

/** The file of an endpoint has its name, in small letters with dashes. */
function fileOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
