import type { Problem } from './failure.ts';
import { remedyFor } from './remedies.ts';
import { localTime, safe } from './text.ts';

/** A refusal for a person: what was wrong, where, what to do, and under which id it stands in the log. */
export function refusalText(problem: Problem, url: string): string {
  const remedy = remedyFor(problem.code, url);
  const request = problem.instance?.replace(/^urn:patchbay:request:/, '');
  return [
    problem.detail,
    ...(problem.errors ?? []).map((wrong) => `  ${placeOf(wrong)}${wrong.message ?? ''}`),
    ...(problem.calls ?? []).map(({ peer, since }) => `  in a call with ${peer} since ${localTime(since)}`),
    ...(remedy === null ? [] : [`What to do: ${remedy}`]),
    `(${problem.code}${request === undefined ? '' : `, request ${request}`})`,
  ]
    .map((line) => `${safe(line)}\n`)
    .join('');
}

/** The body's fields as they are called there; other parts of the request are named. */
function placeOf({ in: part = 'body', path = '' }: { in?: string; path?: string }): string {
  const field = path.replace(/^\//, '').replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  if (field === '') return '';
  return part === 'body' ? `${field}: ` : `${field} (${part}): `;
}
