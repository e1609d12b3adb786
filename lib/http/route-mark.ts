/** Marks a handler of ours with where it is meant to be, so that it is recognised where it was mapped. */
export const MAPPED_ENDPOINT = Symbol('jwto.endpoint');

/** A route as it is meant; the application's prefix and version come before it. */
export interface RouteMark {
  /** The module instance. */
  readonly instance: string;
  /** In capitals. */
  readonly method: string;
  /** The path without slashes at its ends. */
  readonly path: string;
  /** The last segments of the path, behind `refreshPath`; `undefined` outside of it. */
  readonly leaf: string | undefined;
}
