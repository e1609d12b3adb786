import { Logger } from '@nestjs/common';

/** nginx reads an answer's headers into one page of memory, unless `proxy_buffer_size` says otherwise. */
const PROXY_BUFFER = 4096;
/** What each of them costs beside its value. */
const HEADER = 'Set-Cookie: \r\n'.length;

let isTold = false;

/**
 * Warns, once in a process, of an answer that nginx turns into a 502 as long as its buffers are the default ones.
 *
 * @param cookies - the `Set-Cookie` values of the answer
 */
export function warnOfLargeAnswer(cookies: readonly string[]): void {
  const bytes = cookies.reduce((sum, cookie) => sum + HEADER + Buffer.byteLength(cookie), 0);
  if (isTold || bytes <= PROXY_BUFFER) return;
  isTold = true;
  new Logger('Jwto').warn(
    `The Set-Cookie headers of an answer are ${String(bytes)} bytes. With its default buffers nginx answers 502 to more ` +
      'than 4096 bytes of headers, and 400 to a request whose Cookie header is longer than 8192. Set "proxy_buffer_size ' +
      '16k; proxy_buffers 4 16k; large_client_header_buffers 4 16k;" there, or make the tokens smaller: refreshClaims: ' +
      'false, fewer or shorter permissions, less from the ClaimsProvider, ONE-COOKIE in place of TWO-COOKIES, an elliptic ' +
      'curve in place of RSA. Other proxies: docs/production.md. This is told once.',
  );
}
