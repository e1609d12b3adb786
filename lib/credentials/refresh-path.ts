import { Inject, Injectable } from '@nestjs/common';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';

/**
 * The `Path` of the refresh cookie: where the refresh endpoints are for a client. It is read from the routes as they
 * were mapped, so that a global prefix and its excludes, a version and a module path are in it.
 */
@Injectable()
export class RefreshPath {
  private paths: string[];

  /** What the endpoints' folder has behind the cookie's path. */
  private readonly rest: string;

  constructor(
    @Inject(OPTIONS)
    private readonly options: Pick<ResolvedOptions, 'publicPathPrefix' | 'refreshCookiePath' | 'refreshPath'>,
  ) {
    const { refreshCookiePath, refreshPath } = options;
    this.rest = refreshPath.slice(refreshCookiePath.length);
    this.paths = [`/${refreshCookiePath}`];
  }

  /** Tells the folders of the refresh endpoints as they were mapped; there are several where routes have versions. */
  learn(folders: readonly string[]): void {
    // The root is the root, whatever stands before the routes: pages have no global prefix.
    if (folders.length === 0 || this.options.refreshCookiePath === '') return;
    this.paths = [...new Set(folders.map((folder) => folder.slice(0, folder.length - this.rest.length)))];
  }

  /** The path that has the most segments in common with a request's: the one of its version. */
  near(requestPath: string): string {
    const wanted = requestPath.split('/');
    const common = (path: string): number => {
      const segments = path.split('/');
      const differs = segments.findIndex((segment, index) => segment !== wanted[index]);
      return differs === -1 ? segments.length : differs;
    };
    const nearest = this.paths.reduce((best, path) => (common(path) > common(best) ? path : best));
    const { publicPathPrefix } = this.options;
    if (publicPathPrefix === '') return nearest;
    return nearest === '/' ? `/${publicPathPrefix}` : `/${publicPathPrefix}${nearest}`;
  }
}
