import { JwtoClientError } from 'jwto/client';

/** One request and what came of it. */
export interface Exchange {
  /** Such as `GET /testapp/protect/`. */
  readonly request: string;
  /** What was special about the request, if anything. */
  readonly note?: string | undefined;
  /** 0: there was no answer. */
  readonly status: number;
  /** The server's code for a refusal. */
  readonly code?: string | undefined;
  /** The server's words. */
  readonly text: string;
}

interface Refusal {
  code?: string;
  error?: string;
  msg?: string;
}

/** Reads an answer whole. */
export async function readExchange(request: string, answer: Response, note?: string): Promise<Exchange> {
  const body = await answer.text();
  const { code, error, msg } = parse(body);
  return { request, note, status: answer.status, code, text: error ?? msg ?? shortened(body) };
}

/** What the client threw, as if it had been an answer. */
export function failedExchange(request: string, error: unknown): Exchange {
  if (!(error instanceof JwtoClientError)) return { request, status: 0, text: String(error) };
  return { request, status: error.status ?? 0, code: error.code, text: error.message };
}

function parse(body: string): Refusal {
  try {
    return (JSON.parse(body) as Refusal | null) ?? {};
  } catch {
    return {};
  }
}

/** Tokens are long, and nobody shall take one from a screenshot. */
function shortened(body: string): string {
  const masked = body.replace(/(eyJ[\w-]{5})[\w.-]+/g, '$1…');
  return masked.length > 300 ? `${masked.slice(0, 300)}…` : masked;
}
