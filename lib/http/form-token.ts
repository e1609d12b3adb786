import type { IncomingMessage } from 'node:http';
import { headerOf, rawOf, type AnyRequest } from './raw-request.js';

/** Django's name of the field. */
const FIELD = 'csrfmiddlewaretoken';
/** What Django parses into `request.POST`. */
const FORM = /^[ \t]*(?:application\/x-www-form-urlencoded|multipart\/form-data)[ \t]*(?:;|$)/i;

/** Fields of forms that were read before the framework's parser, by Node's request. */
const FORMS = new WeakMap<IncomingMessage, () => unknown>();

/** Notes how to get at the fields of a form that was taken off the wire. */
export function noteForm(raw: IncomingMessage, fields: () => unknown): void {
  FORMS.set(raw, fields);
}

/**
 * The CSRF token in a form, as Django finds it: of a POST with a form's content type, where somebody has parsed it.
 * `undefined` if there is none, or an empty one.
 */
export function formToken(request: AnyRequest): string | undefined {
  const raw = rawOf(request);
  if (raw.method !== 'POST') return undefined;
  const noted = FORMS.get(raw);
  const fields = noted === undefined ? parsedForm(request) : noted();
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, FIELD)) return undefined;
  const value = [(fields as Record<string, unknown>)[FIELD]].flat().at(-1);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parsedForm(request: AnyRequest): unknown {
  return FORM.test(headerOf(request, 'content-type') ?? '') ? (request as { body?: unknown }).body : undefined;
}
