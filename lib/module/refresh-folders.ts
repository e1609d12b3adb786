import type { ResolvedOptions } from '../options/resolve-options.js';
import type { MappedRoute } from '../http/router-hook.js';

/** The folders of the refresh endpoints as they were mapped, each once; there are several where routes have versions. */
export function refreshFolders(routes: readonly MappedRoute[]): string[] {
  const folders = routes.flatMap(({ leaf, mapped }) => (leaf === undefined ? [] : [mapped.slice(0, -leaf.length - 1)]));
  return [...new Set(folders)];
}

/**
 * One sentence for the log where the application has put something before `refreshPath`, so that the endpoints, and the
 * Path of the refresh cookie, are not where the settings alone would have them.
 *
 * @param folders - of {@link refreshFolders}
 * @returns `undefined` where nothing stands before them
 */
export function aboutPrefixes(
  folders: readonly string[],
  { refreshPath, refreshCookiePath }: Pick<ResolvedOptions, 'refreshPath' | 'refreshCookiePath'>,
): string | undefined {
  const prefixes = folders.map((folder) => folder.slice(0, -refreshPath.length - 1));
  if (prefixes.every((prefix) => prefix === '')) return undefined;
  const paths = folders.map((folder) => `${folder}/`).join(' and ');
  const before = prefixes.map((prefix) => `"${prefix}"`).join(' and ');
  const note = `The refresh endpoints are at ${paths}: the application puts ${before} before refreshPath.`;

  const [first = '', ...rest] = refreshPath.split('/');
  if (rest.length === 0 || !prefixes.some((prefix) => prefix.endsWith(`/${first}`))) return note;
  const setting = refreshPath === refreshCookiePath ? 'refreshCookiePath' : 'refreshPath';
  return `${note} If "${first}" is not meant to be there twice, set ${setting}: "${rest.join('/')}".`;
}
