/**
 * Everything that can go wrong and that a caller can be told about. The set is closed: what each
 * code means over HTTP, and what to do about it, stands in `src/api/problem-table.ts`, which does
 * not compile while a code is missing there. To add a code: add it here, then follow the compiler.
 */
export const ERROR_CODES = [
  'validation-failed',
  'malformed-request',
  'unauthenticated',
  'forbidden',
  'not-found',
  'method-not-allowed',
  'conflict-duplicate',
  'extension-taken',
  'extension-out-of-range',
  'no-free-extension',
  'number-not-owned',
  'number-taken',
  'user-in-call',
  'user-is-organisation-administrator',
  'last-organisation-administrator',
  'profile-in-use',
  'is-built-in',
  'in-use',
  'stale-version',
  'precondition-required',
  'idempotency-key-reused',
  'request-in-progress',
  'unsupported-media-type',
  'payload-too-large',
  'too-many-requests',
  'timed-out',
  'pbx-not-connected',
  'pbx-failed',
  'database-unavailable',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One place in the request that is wrong. */
export type FieldError = {
  /** JSON Pointer (RFC 6901) into the part named by `in`: `/email`, `/skills/0/level`; '' is the whole part. */
  path: string;
  /** What is wrong there and what to send instead, as a sentence. Never quotes the value sent: it may be a secret. */
  message: string;
  /** The part of the request; the body when left out. */
  in?: 'body' | 'query' | 'path' | 'header';
};

/** A call that stands in the way. `since` is an ISO 8601 instant. */
export type CallInTheWay = { peer: string; since: string };

/** What some codes must carry besides the sentence. Type aliases, not interfaces: all of it is JSON. */
export type ErrorDetails = {
  'user-in-call': { calls: CallInTheWay[] };
  'stale-version': { currentVersion: number };
  'profile-in-use': { users: number };
  'too-many-requests': { retryAfterSeconds: number };
};

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

type DetailOf<C extends ErrorCode> = C extends keyof ErrorDetails
  ? { detail: ErrorDetails[C] }
  : { detail?: { [key: string]: Json } };

type Extras<C extends ErrorCode> = DetailOf<C> & { fields?: FieldError[]; cause?: unknown };

/** The extras can be left out exactly for the codes that need none. */
type ExtrasArgument<C extends ErrorCode> = C extends keyof ErrorDetails ? [Extras<C>] : [Extras<C>?];

/**
 * A refusal with its reason.
 *
 * `message` is a sentence for the person who asked: what was wrong and what to do. It reaches
 * pages, terminals and logs, so it never holds a secret. `cause` is for the log alone.
 */
export class DomainError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly fields: readonly FieldError[];
  /** Extra members of the answer, JSON-safe. */
  readonly detail: { readonly [key: string]: Json };

  constructor(code: C, message: string, ...[extras]: ExtrasArgument<C>) {
    super(message, extras?.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'DomainError';
    this.code = code;
    this.fields = extras?.fields ?? [];
    this.detail = extras?.detail ?? {};
  }
}

/** The same words for every thing that is not there, or belongs to another tenant. */
export function notFound(what: string, named: string): DomainError<'not-found'> {
  return new DomainError(
    'not-found',
    `There is no ${what} "${shortened(named)}" here. Check its id, or list what there is.`,
  );
}

/** `what` as a person names it: "dial profile". Thrown when a change was made against an older version. */
export function staleVersion(what: string, currentVersion: number): DomainError<'stale-version'> {
  return new DomainError(
    'stale-version',
    `This ${what} was changed by someone else in the meantime. Read it again, look at the differences, and repeat your change on the newer version.`,
    { detail: { currentVersion } },
  );
}

/** What was asked for comes back in sentences: keep it to a length that fits on a line. */
function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
