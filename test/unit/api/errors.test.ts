import { expect, test } from 'vitest';
import { errorPageHtml, errorPageMarkdown } from '../../../src/api/error-page.ts';
import { asDomainError, toProblem } from '../../../src/api/problem.ts';
import { PROBLEMS } from '../../../src/api/problem-table.ts';
import { DomainError, ERROR_CODES } from '../../../src/domain/errors.ts';

test('docs/errors.md lists every code and what to do, exactly as the table says', async () => {
  const page = errorPageMarkdown();
  for (const code of ERROR_CODES) {
    expect(page).toContain(`## ${code}\n`);
    expect(page).toContain(`**What to do:** ${PROBLEMS[code].remedy}`);
    expect(errorPageHtml()).toContain(`id="${code}"`);
  }
  await expect(page).toMatchFileSnapshot('../../../docs/errors.md');
});

test('every code has an error status, a title, a reason and a remedy in whole sentences', () => {
  for (const code of ERROR_CODES) {
    const { status, title, when, remedy } = PROBLEMS[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    for (const sentence of [when, remedy]) expect(sentence).toMatch(/^[A-Z`].*\.$/);
  }
});

test('what an error carries stands in the problem, and cannot overwrite its own members', () => {
  const calls = [{ peer: '+33155501001', since: '2030-01-31T09:30:00Z' }];
  const error = new DomainError('user-in-call', 'Zoë is in a call.', { detail: { calls } });
  expect(toProblem(error, 'abc')).toEqual({
    type: '/docs/errors#user-in-call',
    title: 'The user is in a call',
    status: 409,
    code: 'user-in-call',
    detail: 'Zoë is in a call.',
    instance: 'urn:patchbay:request:abc',
    errors: [],
    calls,
  });
  const sly = new DomainError('forbidden', 'No.', { detail: { status: 200, code: 'fine', type: 'x' } });
  expect(toProblem(sly, 'abc')).toMatchObject({
    status: 403,
    code: 'forbidden',
    type: '/docs/errors#forbidden',
  });
});

test('a fault of ours tells the caller nothing of what it was', () => {
  const thrown = new Error('connect postgres://patchbay:hunter2@db/patchbay');
  const error = asDomainError(thrown);
  expect(error.code).toBe('internal');
  expect(JSON.stringify(toProblem(error, 'abc'))).not.toContain('hunter2');
  expect(error.cause).toBe(thrown);
});
