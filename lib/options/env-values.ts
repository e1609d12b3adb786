/** Reads a setting from the text of its variable; what it cannot read stays text, so that the setting's rule names it. */
export type Read = (text: string) => unknown;

export const text: Read = (value) => value;
/** Separated by commas. */
export const list: Read = (value) => value.split(',').map((item) => item.trim());
export const textOrList: Read = (value) => (value.includes(',') ? list(value) : value);
export const count: Read = (value) => (/^\d+$/.test(value) ? Number(value) : value);

const FLAGS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);
export const flag: Read = (value) => FLAGS.get(value.toLowerCase()) ?? value;

/** Environment files often hold PEM text in one line, with `\n` spelled out; a JWK is JSON text. */
export const key: Read = (value) => {
  if (value.includes('-----BEGIN ')) return value.replaceAll('\\n', '\n');
  if (!value.trimStart().startsWith('{')) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};
