import type { JwtoClient } from './types.js';

/** What is used of axios itself: it puts `baseURL`, `url` and `params` together. */
export interface AxiosLike {
  getUri(config?: object): string;
}

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
    const answer = await client.fetch(axios.getUri(config), {
      method: method.toUpperCase(),
      headers: sent,
      body: (data ?? null) as BodyInit | null,
      signal: (signal ?? null) as AbortSignal | null,
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
    const error = new Error(`Request failed with status code ${String(answer.status)}`);
    throw Object.assign(error, { isAxiosError: true, code, config, response, status: answer.status });
  };
}

/** JSON is parsed by axios' own `transformResponse`. */
function read(answer: Response, type = 'json'): Promise<unknown> | ReadableStream | null {
  if (type === 'arraybuffer') return answer.arrayBuffer();
  if (type === 'blob') return answer.blob();
  if (type === 'stream') return answer.body;
  return answer.text();
}
