/** The names of an object's members; of a member that is an object itself, or a list of objects, the names of theirs. */
export interface Members {
  readonly [name: string]: Members | null;
}

/**
 * Reads an object into a plain one, each member once: own and inherited ones, values and getters alike. A rule that
 * enumerates a class with getters sees nothing, and a getter that is asked twice may answer twice.
 *
 * @param known - the members to read; of any other only the name is taken, so that it can be refused. Methods of a class
 * that are not known are no members.
 */
export function readOnce(given: object, known: Members): Record<string, unknown> {
  return Object.fromEntries(
    [...membersOf(given)].flatMap(([name, descriptor]): [string, unknown][] => {
      const { value, enumerable } = descriptor as { value?: unknown; enumerable: boolean };
      if (Object.hasOwn(known, name)) {
        const read = copyOf((given as Record<string, unknown>)[name], known[name] ?? null);
        // A method of a class is called on its object.
        const isMethod = !enumerable && typeof value === 'function' && read === value;
        return [[name, isMethod ? (value as () => unknown).bind(given) : read]];
      }
      return enumerable || 'get' in descriptor ? [[name, undefined]] : [];
    }),
  );
}

/** By name: where a member is found first on the chain of prototypes. */
function membersOf(given: object): Map<string, PropertyDescriptor> {
  const members = new Map<string, PropertyDescriptor>();
  for (
    let one: object | null = given;
    one !== null && !isRoot(one);
    one = Object.getPrototypeOf(one) as object | null
  ) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(one))) {
      if (!members.has(name)) members.set(name, descriptor);
    }
  }
  return members;
}

/** `Object.prototype`, of this or of another realm, as Jest has one. */
function isRoot(one: object): boolean {
  return Object.getPrototypeOf(one) === null && Object.hasOwn(one, 'hasOwnProperty');
}

function copyOf(value: unknown, known: Members | null): unknown {
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => copyOf(item, known));
  return known !== null && typeof value === 'object' && value !== null ? readOnce(value, known) : value;
}
