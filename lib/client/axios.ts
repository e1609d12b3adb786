import type { JwtoClient } from './types.js';

/** What is used of axios itself: it puts `baseURL`, `url` and `params` together. */
export interface AxiosLike {
  getUri(config?: object): string;
  /** Of axios itself; an instance that `axios.create` made has none, and gets errors that look like it. */
  AxiosError?: AxiosErrorClass | undefined;
  CanceledError?: (new (message: string | undefined, config: unknown, request: unknown) => Error) | undefined;
}

type AxiosErrorClass = new (
  message: string,
  code: string,
  config: unknown,
  request: unknown,
  response?: unknown,
) => Error;

/** What is used of an axios request. */
export interface AxiosRequestLike {
  method?: string | undefined;
  headers?: unknown;
  data?: unknown;
  signal?: unknown;
  responseType?: string | undefined;
  validateStatus?: ((status: number) => boolean) | null | undefined;
}

/** An answer as axios wants it from an adapter. */
export interface AxiosResponseLike<Config> {
  data: unknown;
  status: number;
  statusText: string;
  headers: Record<string, string>;
  config: Config;
  request: null;
}

/**
 * An adapter that sends axios' requests through {@link JwtoClient.fetch}. `timeout`, `onUploadProgress` and
 * `onDownloadProgress` have no effect.
 *
 * @param client - what signs the requests
 * @param axios - axios, or the instance that gets the adapter
 *
 * @example
 * ```ts
 * const http = axios.create({ adapter: jwtoAxiosAdapter(client, axios) });
 * const { data } = await http.get('/orders', { params: { page: 2 } });
 * ```
 */
export function jwtoAxiosAdapter<Config extends AxiosRequestLike>(
  client: Pick<JwtoClient<unknown>, 'fetch'>,
  axios: AxiosLike,
): (config: Config) => Promise<AxiosResponseLike<Config>> {
  return async (config) => {
    const { method = 'get', headers = {}, data, signal, responseType, validateStatus } = config;
    const sent = Object.entries(
      headers as Record<string, string | number | boolean | string[] | null | undefined>,
    ).flatMap(([name, value]): [string, string][] =>
      // axios keeps headers that were taken away, as `undefined`. A form's boundary is only known to fetch.
      (value ?? false) === false || (data instanceof FormData && /^content-type$/i.test(name))
        ? []
        : [[name, String(value)]],
    );
    const answer = await client
      .fetch(axios.getUri(config), {
        method: method.toUpperCase(),
        headers: sent,
        body: (data ?? null) as BodyInit | null,
        signal: (signal ?? null) as AbortSignal | null,
      })
      .catch((cause: unknown) => {
        if ((signal as AbortSignal | undefined)?.aborted) throw canceled(axios, config, cause);
        const message = cause instanceof Error ? cause.message : 'Network Error';
        throw Object.assign(failure(axios, message, 'ERR_NETWORK', config), { cause });
      });
    const response = {
      data: await read(answer, responseType),
      status: answer.status,
      statusText: answer.statusText,
      headers: Object.fromEntries(answer.headers),
      config,
      request: null,
    };
    if (!validateStatus || validateStatus(answer.status)) return response;
    const code = answer.status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';
    const message = `Request failed with status code ${String(answer.status)}`;
    throw Object.assign(failure(axios, message, code, config, response), { status: answer.status });
  };
}

/** An AxiosError, or what looks like one to `isAxiosError`. */
function failure({ AxiosError }: AxiosLike, message: string, code: string, config: unknown, response?: unknown): Error {
  if (AxiosError !== undefined) return new AxiosError(message, code, config, null, response);
  const toJSON = (): object => ({ name: 'AxiosError', message, code });
  return Object.assign(new Error(message), { name: 'AxiosError', isAxiosError: true, code, config, response, toJSON });
}

function canceled(axios: AxiosLike, config: unknown, cause: unknown): Error {
  const { CanceledError } = axios;
  if (CanceledError !== undefined) return Object.assign(new CanceledError(undefined, config, null), { cause });
  return Object.assign(failure(axios, 'canceled', 'ERR_CANCELED', config), { __CANCEL__: true, cause });
}

/** JSON is parsed by axios' own `transformResponse`. */
function read(answer: Response, type = 'json'): Promise<unknown> | ReadableStream | null {
  if (type === 'arraybuffer') return answer.arrayBuffer();
  if (type === 'blob') return answer.blob();
  if (type === 'stream') return answer.body;
  return answer.text();
}
