/** Reads a setting from the text of its variable; what it cannot read stays text, so that the setting's rule names it. */
export type Read = (text: string) => unknown;

/** A string, or what the setting's rule parses: a duration, a known word. */
export const text: Read = (value) => value;
/** A list, separated by commas. */
export const list: Read = (value) => value.split(',').map((item) => item.trim());
/** A list where there is a comma, else a string. */
export const textOrList: Read = (value) => (value.includes(',') ? list(value) : value);
/** A whole number. */
export const count: Read = (value) => (/^\d+$/.test(value) ? Number(value) : value);

const FLAGS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);
/** A switch: true, false, 1 or 0. */
export const flag: Read = (value) => FLAGS.get(value.toLowerCase()) ?? value;

/** A key. Environment files often hold PEM text in one line, with `\n` spelled out; a JWK is JSON text. */
export const key: Read = (value) => {
  if (value.includes('-----BEGIN ')) return value.replaceAll('\\n', '\n');
  if (!value.trimStart().startsWith('{')) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};
