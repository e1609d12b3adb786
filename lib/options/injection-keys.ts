/** Under which key a module instance provides its `ResolvedOptions`. */
export const OPTIONS = Symbol('jwto.options');

/** Under which key it provides its name; `default` of the one without a name. */
export const INSTANCE_NAME = Symbol('jwto.instance-name');
