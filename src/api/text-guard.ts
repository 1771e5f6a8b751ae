import { DomainError, type FieldError } from '../domain/errors.ts';

const DEEPEST = 32;
const MOST_FAULTS = 20;
/** NUL, which Postgres cannot store in text, and half surrogate pairs, which UTF-8 cannot write. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/**
 * Refuses, for every route at once, what no column could hold and what no schema looks for: text
 * with NUL or broken surrogates, `__proto__` as a name, and nesting that only an attack has.
 * Without it each such text would be a database error, so a 500, somewhere further down.
 */
export function refuseUnstorable(input: unknown, part: NonNullable<FieldError['in']>): void {
  const fields: FieldError[] = [];
  walk(input, '', 0, (path, message) => {
    if (fields.length < MOST_FAULTS) fields.push({ in: part, path, message });
  });
  if (fields.length > 0)
    throw new DomainError('validation-failed', 'There is text in the request that cannot be stored.', {
      fields,
    });
}

function walk(
  value: unknown,
  path: string,
  depth: number,
  fault: (path: string, message: string) => void,
): void {
  if (typeof value === 'string') {
    if (UNSTORABLE.test(value))
      fault(path, 'Take out the NUL characters and broken characters (half emoji).');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth === DEEPEST) {
    fault('', `This is nested deeper than ${DEEPEST} levels.`);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__' || UNSTORABLE.test(key))
      fault(path, 'There is a field here with a name that is not allowed.');
    else
      walk(
        inner,
        `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 80)}`,
        depth + 1,
        fault,
      );
  }
}
