import type { JwtoErrorCode, JwtoEventName } from 'jwto';
import { expect } from 'vitest';
import type { Answer } from './client.js';
import type { TestApp } from './test-app.js';

/** What is expected of a refusal. */
export interface Refusal {
  status: number;
  code: JwtoErrorCode;
  /** The explanation, where the contract has one. */
  error?: string;
  /** The likely cause, where the setting `hints` is on. */
  hint?: RegExp;
  /** The events that it emits; none unless told. */
  events?: readonly JwtoEventName[];
}

/** The rows of the library's tables, so that a refusal can be seen to change none. */
export async function storedRows({ dataSource }: TestApp): Promise<unknown> {
  return [
    await dataSource.query('SELECT * FROM jwto_session ORDER BY sid'),
    await dataSource.query('SELECT * FROM jwto_blocklist ORDER BY realm, kind, value'),
  ];
}

/**
 * Sends, and expects a refusal: its status, its body's shape and code, and that it issued nothing, set no cookie,
 * changed no row and emitted no event but those expected.
 */
export async function expectRefusal(test: TestApp, send: () => Promise<Answer>, refusal: Refusal): Promise<Answer> {
  const before = await storedRows(test);
  test.takeEvents();
  const answer = await send();
  expect({ status: answer.status, code: answer.json.code }).toEqual({ status: refusal.status, code: refusal.code });
  expect(answer.json).toEqual({
    statusCode: refusal.status,
    error: refusal.error ?? expect.any(String),
    code: refusal.code,
    ...(refusal.hint === undefined ? {} : { hint: expect.stringMatching(refusal.hint) }),
  });
  await expectNothingDone(test, answer, before, refusal.events ?? []);
  return answer;
}

/** Expects that an answer is no success and that nothing came of the request, whichever layer refused it. */
export async function expectNothingDone(
  test: TestApp,
  answer: Answer,
  before: unknown,
  events: readonly JwtoEventName[] = [],
): Promise<void> {
  expect(answer.headers.getSetCookie()).toEqual([]);
  expect(answer.json.access).toBeUndefined();
  expect(answer.json.refresh).toBeUndefined();
  expect(test.takeEvents()).toEqual(events);
  expect(await storedRows(test)).toEqual(before);
}
