import { ENDPOINT_NAMES } from '../../lib/options/endpoint-paths.js';
import { SETTING_ROWS } from '../../lib/options/setting-table.js';
import { docstringsOf } from './docstrings.js';
import { asCell, table, withParts } from './tables.js';

/** `docs/settings.md`: its tables are made of the docstrings of `JwtoOptions` and of the table of settings. */
export function settingsPage(): string {
  const docstrings = docstringsOf('lib/options/jwto-options.ts', 'JwtoOptions');
  const settings = new Map(SETTING_ROWS);
  const rows = [...docstrings].map(([name, { text, defaultValue }]) => {
    const setting = settings.get(name as never);
    if (setting === undefined) throw new Error(`the table of settings has no ${name}`);
    const names = ENDPOINT_NAMES.map((endpoint) => `\`${endpoint}\``).join(', ');
    return {
      variable: setting.env?.[0],
      cells: [`\`${name}\``],
      more: [
        asCell(shown(name, setting.default, defaultValue) ?? 'none'),
        asCell(text.replace('{@link EndpointName}', names)),
      ],
    };
  });
  const ofEnvironment = rows.flatMap(({ variable, cells, more }) =>
    variable === undefined ? [] : [[...cells, `\`${variable}\``, ...more]],
  );
  const ofCode = rows.flatMap(({ variable, cells, more }) => (variable === undefined ? [[...cells, ...more]] : []));
  return withParts('docs/settings.md', {
    settings: table(['option', 'environment', 'default', 'meaning'], ofEnvironment),
    'settings in code': table(['option', 'default', 'meaning'], ofCode),
  });
}

/** The default as the page has it. The docstring has it too, for editors, and must say the same. */
function shown(name: string, value: unknown, documented: string | undefined): string | undefined {
  if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return documented;
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  const literal = typeof value === 'string' ? `'${value}'` : plain;
  if (documented !== `\`${literal}\``) throw new Error(`@defaultValue of ${name} must be \`${literal}\``);
  return `\`${plain}\``;
}
