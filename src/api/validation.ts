import type { z } from 'zod';
import { DomainError, type FieldError } from '../domain/errors.ts';

type Part = NonNullable<FieldError['in']>;
type RawIssue = z.core.$ZodRawIssue;
type Issue = z.core.$ZodIssue;

const SHOWN_AT_MOST = 100;

const WHOLE: Record<Part, string> = {
  body: 'The request body',
  query: 'The query of the address',
  path: 'The address',
  header: 'The headers',
};

/** Parses or throws `validation-failed` with every wrong place, each with what to send instead. */
export function validated<S extends z.ZodType>(schema: S, input: unknown, part: Part): z.output<S> {
  const result = schema.safeParse(input, { error: (issue) => remedyFor(issue, part) });
  if (result.success) return result.data;
  throw new DomainError(
    'validation-failed',
    `${WHOLE[part]} has values that are missing, wrong or unknown.`,
    {
      fields: toFieldErrors(result.error.issues, part),
    },
  );
}

/** zod's issues as places and sentences. Exported for inputs that are not requests (CSV rows, say). */
export function toFieldErrors(issues: readonly Issue[], part: Part): FieldError[] {
  const fields = issues.flatMap((issue) => fieldsOf(issue, [], part));
  if (fields.length <= SHOWN_AT_MOST) return fields;
  const more = fields.length - SHOWN_AT_MOST;
  return [
    ...fields.slice(0, SHOWN_AT_MOST),
    { in: part, path: '', message: `And ${more} more: correct these first.` },
  ];
}

function fieldsOf(issue: Issue, parents: readonly PropertyKey[], part: Part): FieldError[] {
  const path = [...parents, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      in: part,
      path: pointer([...path, key.slice(0, 80)]),
      message:
        part === 'query'
          ? 'This query parameter is not known here. Check its spelling or leave it out.'
          : 'This field is not known here. Check its spelling or leave it out.',
    }));
  if (issue.code === 'invalid_union') {
    const branch = closestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => fieldsOf(inner, path, part));
  }
  if (issue.code === 'invalid_key')
    return [{ in: part, path: pointer(path), message: issue.issues[0]?.message ?? issue.message }];
  return [{ in: part, path: pointer(path), message: issue.message }];
}

/**
 * Of a union's branches, the one that the sender probably meant: it did not fail on the kind of
 * the value itself, and has the fewest faults. null: none, so say what kinds there are.
 */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const inside = branches.filter(
    (issues) => !issues.some((i) => i.code === 'invalid_type' && i.path.length === 0),
  );
  return inside.toSorted((a, b) => a.length - b.length)[0] ?? null;
}

/** RFC 6901. */
function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * The sentence for an issue whose schema says none of its own (zod prefers the schema's). It never
 * quotes what was sent: that may be a password in the wrong field.
 */
function remedyFor(issue: RawIssue, part: Part): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wrongKind(issue.expected, issue.input, part);
    case 'too_small':
      return bound('least', issue.origin, Number(issue.minimum), issue.inclusive ?? true, issue.exact);
    case 'too_big':
      return bound('most', issue.origin, Number(issue.maximum), issue.inclusive ?? true, issue.exact);
    case 'invalid_value':
      return issue.input === undefined
        ? `This is missing. Send ${oneOf(issue.values)}.`
        : `Send ${oneOf(issue.values)}.`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'This does not have the form that is expected here.';
    case 'not_multiple_of':
      return `Send a multiple of ${issue.divisor}.`;
    case 'invalid_union':
      return unionSentence(issue.errors, issue.input, issue.options as readonly unknown[] | undefined);
    default:
      return undefined;
  }
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  date: 'a date',
  nonoptional: 'a value',
};
const kind = (name: string) => KINDS[name] ?? name;

function kindSent(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'a list';
  return kind(typeof input);
}

function wrongKind(expected: string, input: unknown, part: Part): string {
  if (input === undefined) return `This is missing. Send ${kind(expected)}.`;
  if (input === null) return `This cannot be null (cleared). Send ${kind(expected)}, or leave it out.`;
  if (part === 'body') return `Send ${kind(expected)}, not ${kindSent(input)}.`;
  // In an address all is text, so "not a text" would puzzle; a list is a parameter given twice.
  if (Array.isArray(input)) return 'This is given more than once. Give it once.';
  return `Send ${kind(expected)}.`;
}

const COUNTED: Record<string, string> = { string: 'characters', array: 'entries', set: 'entries' };

function bound(
  side: 'least' | 'most',
  origin: string,
  limit: number,
  inclusive: boolean,
  exact?: boolean,
): string {
  const counted = COUNTED[origin];
  if (exact) return `Send exactly ${limit} ${counted ?? ''}.`.replace(' .', '.');
  if (side === 'least' && limit === 1 && counted) return 'This must not be empty.';
  if (counted) return `Send at ${side} ${limit} ${counted}.`;
  if (inclusive) return `Send ${limit} or ${side === 'least' ? 'more' : 'less'}.`;
  return `Send ${side === 'least' ? 'more' : 'less'} than ${limit}.`;
}

const FORMATS: Record<string, string> = {
  email: 'Send an email address, like name@example.org.',
  uuid: 'Send an id as it was given (a UUID).',
  guid: 'Send an id as it was given (a UUID).',
  url: 'Send a full address, like https://example.org/path.',
  datetime: 'Send date, time and zone, like 2030-01-31T09:30:00Z.',
  date: 'Send a date, like 2030-01-31.',
  time: 'Send a time, like 09:30:00.',
  e164: 'Send a number with country code, like +33155501001.',
  ipv4: 'Send an IPv4 address, like 192.0.2.10.',
  ipv6: 'Send an IPv6 address, like 2001:db8::10.',
  cidrv4: 'Send a network, like 192.0.2.0/24.',
  cidrv6: 'Send a network, like 2001:db8::/32.',
};

function oneOf(values: readonly unknown[]): string {
  const shown = values.slice(0, 20).map((value) => JSON.stringify(value));
  const list = shown.length === 1 ? shown[0]! : `one of ${shown.join(', ')}`;
  return values.length > shown.length ? `${list} or ${values.length - shown.length} others` : list;
}

function unionSentence(
  branches: readonly (readonly Issue[])[],
  input: unknown,
  options?: readonly unknown[],
): string {
  if (options?.length) return `Send ${oneOf(options)}.`;
  const kinds = branches.flatMap((issues) =>
    issues.flatMap((issue) => (issue.code === 'invalid_type' ? [kind(issue.expected)] : [])),
  );
  const missing = input === undefined ? 'This is missing. ' : '';
  return kinds.length === 0
    ? `${missing}Send one of the forms described.`
    : `${missing}Send ${[...new Set(kinds)].join(' or ')}.`;
}
