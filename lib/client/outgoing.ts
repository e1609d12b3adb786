/** A request of the page's, ready to be sent with the credential added, also twice. */
export interface Outgoing {
  url: URL;
  method: string;
  /** The caller's own. */
  headers: Headers;
  signal: AbortSignal | null | undefined;
  /** Whether it can be sent again: a stream is read only once. */
  repeatable: boolean;
  /** What to give to `fetch`, for each sending anew. */
  input: () => string | Request;
}

/** @param base - what a relative URL is resolved against */
export function outgoing(input: string | URL | Request, init: RequestInit, base: URL): Outgoing {
  const request = (input as Partial<Request>).clone ? (input as Request) : undefined;
  const url = new URL(request?.url ?? (input as string | URL), base);
  const body = init.body as (Partial<ReadableStream> & { [Symbol.asyncIterator]?: unknown }) | null | undefined;
  return {
    url,
    method: init.method ?? request?.method ?? 'GET',
    headers: new Headers(init.headers ?? request?.headers),
    signal: init.signal ?? request?.signal,
    repeatable: !(body?.getReader ?? body?.[Symbol.asyncIterator]),
    input: () => request?.clone() ?? url.href,
  };
}

/** The promise, until the signal aborts: who waits gives up, and what was waited for goes on. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as fetch rejects
      reject(signal.reason);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
