import { Buffer } from 'node:buffer';

/**
 * JSON objects as lists of [name, value], both as the text that stands in the document, so that a name can come twice
 * and a value need not be JSON.
 */

/** Values that somebody may not expect, as text. */
export const ODD_VALUES = [
  ...['null', 'true', 'false', '0', '-0', '1', '-1', '1.5', '1e3', '1E400', '-1e400', '1e-400', '0.1e1'],
  ...[
    '9007199254740993',
    '253402300800',
    '123456789012345678901234567890',
    '4294967296',
    '2147483648',
    '1'.repeat(400),
  ],
  ...[
    '""',
    '" "',
    '"0"',
    '"null"',
    '"admin"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u202e"',
    '"é"',
    '"😀"',
  ],
  ...[
    '"../../etc/passwd"',
    '"\' OR 1=1 --"',
    '"__proto__"',
    '"constructor"',
    `"${'x'.repeat(129)}"`,
    `"${'y'.repeat(3000)}"`,
  ],
  ...['[]', '[[]]', '["perm1"]', '[null]', '["a","a"]', '{}', '{"id":1}', '{"__proto__":{"id":3}}', '{"toString":1}'],
  ...['{"$ne":null}', '{"length":1}', '[1,2,3]', '{"constructor":{"prototype":{"admin":true}}}'],
  // No JSON.
  ...[
    '',
    'undefined',
    'NaN',
    'Infinity',
    '-',
    '01',
    '.5',
    '1.',
    '0x1',
    "'a'",
    '"',
    '"\t"',
    '"\\x41"',
    '"\\u12"',
    '+1',
    'nul',
  ],
];

/** Names that mean something to somebody. */
export const ODD_NAMES = [
  ...[
    '"__proto__"',
    '"\\u005f_proto__"',
    '"constructor"',
    '"prototype"',
    '"toString"',
    '"hasOwnProperty"',
    '"valueOf"',
  ],
  ...['""', '" "', '"a b"', '"\\u0000"', '"\\ud800"', '"é"', '"0"', '"length"', '"then"', '"toJSON"', '"$where"'],
  ...['a', "'a'", '1', 'null', '"'],
];

/** @returns an object as a list of texts */
export function membersOf(object) {
  return Object.entries(object).map(([name, value]) => [JSON.stringify(name), JSON.stringify(value)]);
}

/** @returns the text of a document */
export function textOf(members) {
  return `{${members.map(([name, value]) => `${name}:${value}`).join(',')}}`;
}

/** Changes a member, its name or its place. */
export function changeMembers(random, members, names = []) {
  const changed = members.map((member) => [...member]);
  const at = random.below(changed.length + 1);
  const name = names.length > 0 && random.chance(0.7) ? JSON.stringify(random.pick(names)) : random.pick(ODD_NAMES);
  const existing = changed[random.below(changed.length)];
  switch (random.below(8)) {
    case 0:
      changed.splice(at, 1);
      break;
    case 1:
      changed.splice(at, 0, [name, random.pick(ODD_VALUES)]);
      break;
    case 2:
      // The same name twice: RFC 7519 section 4 lets a reader refuse it or take the last.
      if (existing) changed.splice(at, 0, [existing[0], random.pick(ODD_VALUES)]);
      break;
    case 3:
      if (existing) changed.splice(at, 0, [...existing]);
      break;
    case 4:
      if (existing) existing[0] = escapedName(existing[0]);
      break;
    case 5:
      if (existing) existing[0] = name;
      break;
    case 6:
      changed.splice(at, 0, [name, nested(random)]);
      break;
    default:
      if (existing) existing[1] = random.pick(ODD_VALUES);
  }
  return changed;
}

/** Changes the text around and between members. */
export function changeText(random, text) {
  switch (random.below(12)) {
    case 0:
      return ` \t\r\n${text}\n `;
    case 1:
      return random.pick(['\u00a0', '\u000b', '\u000c', '\u2028', '\u0000', '/**/', '//a\n']) + text;
    case 2:
      return text + random.pick([',', '}', '{}', ' x', '\u0000', '\u00a0', ';', '//']);
    case 3:
      return text.replace(/\}$/, ',}');
    case 4:
      return text.slice(0, random.below(text.length));
    case 5:
      return `[${text}]`;
    case 6:
      return JSON.stringify(text);
    case 7:
      return random.pick(['', '{}', '[]', 'null', 'true', '0', '""', '"a"', ' ', '{', '}', '{"', '[', '1e400']);
    case 8:
      return text.replaceAll('"', "'");
    case 9:
      return text.replaceAll(':', ' : ').replaceAll(',', ' ,\n');
    case 10:
      return nested(random).replace(/0/, () => text);
    default:
      return text.replace(/"([^"\\])/, (_all, letter) => `"\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
  }
}

/** Bytes that are no UTF-8, and encodings that are another. */
export function changeBytes(random, text) {
  const bytes = Buffer.from(text, 'utf8');
  const at = random.below(bytes.length + 1);
  const insert = (...octets) => Buffer.concat([bytes.subarray(0, at), Buffer.from(octets), bytes.subarray(at)]);
  switch (random.below(12)) {
    case 0:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
    case 1:
      return Buffer.from(`\ufeff${text}`, 'utf16le');
    case 2:
      return Buffer.from(text, 'utf16le');
    case 3:
      return insert(0xc0, 0xaf);
    case 4:
      return insert(0xed, 0xa0, 0x80);
    case 5:
      return insert(0xf4, 0x90, 0x80, 0x80);
    case 6:
      return insert(0xff);
    case 7:
      return insert(0xe2, 0x82);
    case 8:
      return Buffer.from(text.replace('"', '"\u00e9'), 'latin1');
    case 9:
      return insert(random.below(256));
    case 10:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    default: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) flipped[at % flipped.length] ^= 1 << random.below(8);
      return flipped;
    }
  }
}

/** Any of the three, once or a few times. */
export function mutateJson(random, object, names) {
  let members = membersOf(object);
  for (let count = random.below(4); count > 0; count--) members = changeMembers(random, members, names);
  let text = textOf(members);
  if (random.chance(0.3)) text = changeText(random, text);
  return random.chance(0.2) ? changeBytes(random, text) : Buffer.from(text, 'utf8');
}

/** Brackets inside each other. */
export function nested(random) {
  const depth = random.pick([2, 10, 29, 30, 31, 32, 33, 34, 100, 1000]);
  return random.chance(0.5)
    ? `${'['.repeat(depth)}0${']'.repeat(depth)}`
    : `${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`;
}

function escapedName(name) {
  return name.replace(/^"(.)/, (_all, letter) => `"\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
