import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** `visitorOf` of docs/ssr.md. */
export type VisitorOf = (
  request: IncomingMessage,
  response: ServerResponse,
  to: { api: string; origin: string },
) => (path: string) => Promise<Response>;

/** The origin that the page server names. */
export const PAGES = 'https://www.example.test';

/** Takes the code of docs/ssr.md as it stands there. */
export async function documentedVisitor(): Promise<VisitorOf> {
  const page = readFileSync(fileURLToPath(new URL('../../docs/ssr.md', import.meta.url)), 'utf8');
  const code = /```js\n(\/\/ visitor\.js\n.*?)```/s.exec(page)?.[1] ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'jwto-ssr-'));
  try {
    const file = join(folder, 'visitor.mjs');
    writeFileSync(file, code);
    return ((await import(/* @vite-ignore */ pathToFileURL(file).href)) as { visitorOf: VisitorOf }).visitorOf;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A server whose one page calls the API twice and says who is signed in, if anybody is. */
export async function startPageServer(api: string, visitorOf: VisitorOf): Promise<{ url: string; close: () => void }> {
  const render = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const get = visitorOf(request, response, { api, origin: PAGES });
    const [user, text] = await Promise.all([get('/testapp/user'), get('/testapp/protect')]);
    response.statusCode = user.ok || user.status === 401 ? 200 : user.status;
    const name = user.ok ? ((await user.json()) as { username: string }).username : 'nobody';
    response.end(`${name}, ${text.ok ? await text.text() : String(text.status)}`);
  };
  const server = createServer((request, response) => {
    render(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
