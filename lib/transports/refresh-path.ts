/**
 * The `Path` of the refresh cookie: where the refresh endpoints are for a client. It is read from the routes as they
 * were mapped, so that a global prefix and its excludes, a version and a module path are in it.
 */
export class RefreshPath {
  private paths: string[];

  /**
   * @param publicPathPrefix - what a proxy strips before the app; without slashes at its ends
   * @param refreshCookiePath - the path until the routes are known; without slashes at its ends
   */
  constructor(
    private readonly publicPathPrefix: string,
    refreshCookiePath: string,
  ) {
    this.paths = [`/${refreshCookiePath}`];
  }

  /** Tells the folders of the refresh endpoints as they were mapped; there are several where routes have versions. */
  learn(paths: readonly string[]): void {
    if (paths.length > 0) this.paths = [...new Set(paths)];
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
    return (this.publicPathPrefix === '' ? '' : `/${this.publicPathPrefix}`) + nearest;
  }
}
