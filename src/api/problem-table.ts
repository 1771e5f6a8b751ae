import type { ErrorCode } from '../domain/errors.ts';

export type ProblemKind = {
  status: number;
  /** The same words for every occurrence (RFC 9457, section 3.1.3). */
  title: string;
  /** When it comes. */
  when: string;
  /** What the caller does about it. */
  remedy: string;
};

/** How each domain error is told over HTTP. `docs/errors.md` and `/docs/errors` are made from it. */
export const PROBLEMS: Record<ErrorCode, ProblemKind> = {
  'validation-failed': {
    status: 422,
    title: 'Some fields are not right',
    when: 'The request was understood, but values in it are missing, wrong or unknown.',
    remedy: 'Each entry of `errors` names a place and says what to send there. Correct them and repeat.',
  },
  'malformed-request': {
    status: 400,
    title: 'The request could not be read',
    when: 'The body is not JSON in UTF-8, or a header or the address is not well formed.',
    remedy: 'The sentence in `detail` says which part. Mend the program that sent it.',
  },
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    when: 'No API key was sent, or it is unknown, expired or revoked.',
    remedy:
      'Send a valid key as `Authorization: Bearer pbk_…` or `X-API-Key: pbk_…`. A lost key cannot be shown again: create another.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    when: 'The key is valid but does not hold the permission that this needs.',
    remedy: 'Use a key that holds the permission named in `permission`, or have it granted.',
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    when: 'There is nothing at this address, or it belongs to another tenant.',
    remedy: 'Check the ids in the address; list the collection to see what there is.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take this method',
    when: 'The address exists, but not with this HTTP method.',
    remedy: 'Use one of the methods in the `Allow` header.',
  },
  'conflict-duplicate': {
    status: 409,
    title: 'Something with this value exists already',
    when: 'A value that must be unique is taken. `errors` names the field.',
    remedy: 'Choose another value, or change the one that exists.',
  },
  'extension-taken': {
    status: 409,
    title: 'The extension belongs to someone else',
    when: 'The extension is assigned to another user of the tenant.',
    remedy: 'Choose a free one, ask for the next free one, or unassign it first.',
  },
  'extension-out-of-range': {
    status: 422,
    title: "The extension is outside the tenant's ranges",
    when: "The extension has the wrong length, or lies in none of the tenant's ranges.",
    remedy: "Choose one from the tenant's ranges, or widen them in the tenant's settings.",
  },
  'no-free-extension': {
    status: 409,
    title: 'No extension is free',
    when: "The next free extension was asked for, but the tenant's ranges are full.",
    remedy: "Unassign an extension, or widen the ranges in the tenant's settings.",
  },
  'number-not-owned': {
    status: 422,
    title: 'The number does not belong to the tenant',
    when: 'A number was to be shown or used that the tenant does not own.',
    remedy: "Choose one of the tenant's numbers, or add the number to the tenant first.",
  },
  'number-taken': {
    status: 409,
    title: 'The number is taken',
    when: 'The number belongs to another tenant or is given to another user.',
    remedy: 'Choose another number, or take it away from where it is first.',
  },
  'user-in-call': {
    status: 409,
    title: 'The user is in a call',
    when: 'The user cannot be deleted now: `calls` lists with whom and since when.',
    remedy:
      'Wait until the call ends; or delete with `when=idle` (as soon as it ends) or `when=hangup` (ends it; needs its own permission).',
  },
  'user-is-organisation-administrator': {
    status: 409,
    title: 'An organisation administrator cannot be deleted',
    when: 'The user to be deleted has the organisation administrator role.',
    remedy: 'Take that role away from the user first, then delete.',
  },
  'last-organisation-administrator': {
    status: 409,
    title: 'The last organisation administrator must stay',
    when: 'The tenant would be left without an organisation administrator.',
    remedy: 'Give the role to someone else first.',
  },
  'profile-in-use': {
    status: 409,
    title: 'The dial profile is in use',
    when: 'The profile to be removed is used by users or by the tenant.',
    remedy: 'Give those another profile first.',
  },
  'is-built-in': {
    status: 409,
    title: 'Built-in things are read-only',
    when: 'A built-in dial profile or role was to be changed or removed.',
    remedy: 'Make one of your own with what you need, and use that instead.',
  },
  'in-use': {
    status: 409,
    title: 'It is still in use',
    when: 'Something to be removed is still referred to by something else, which the sentence names.',
    remedy: 'Change what refers to it first.',
  },
  'stale-version': {
    status: 412,
    title: 'Someone else changed it in the meantime',
    when: '`If-Match` names an older version than the current one, `currentVersion`.',
    remedy: 'Read it again, look at what changed, and repeat the change with the new ETag.',
  },
  'precondition-required': {
    status: 428,
    title: 'Say which version you are changing',
    when: 'This change needs an `If-Match` header, so that nobody overwrites what they have not seen.',
    remedy:
      'Send the `ETag` of the last read as `If-Match` (or `If-Match: *` to overwrite whatever is there).',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key was used for something else',
    when: 'The same `Idempotency-Key` came before with another address or another content.',
    remedy: 'Use a new key (a random UUID, say) for each new request; the same one only to repeat a request.',
  },
  'request-in-progress': {
    status: 409,
    title: 'The same request is still being worked on',
    when: 'A request with this `Idempotency-Key` has not been answered yet.',
    remedy: 'Wait a moment and repeat it with the same key: you get the first answer.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'This kind of content is not understood',
    when: 'The body is not of a type, character set or compression that is understood here.',
    remedy: 'Send JSON in UTF-8 with `Content-Type: application/json`.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    when: 'The body is longer than what this address takes.',
    remedy: 'Send less at once; for many users, use the CSV import.',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    when: 'More requests came than is allowed in the time.',
    remedy: 'Wait for the seconds in `Retry-After`, then go on more slowly.',
  },
  'timed-out': {
    status: 503,
    title: 'It took too long',
    when: 'The work did not end in time. It may still be done afterwards.',
    remedy: 'Look whether it was done; if not, repeat it (with the same `Idempotency-Key` it is done once).',
  },
  'pbx-not-connected': {
    status: 503,
    title: 'The PBX is not connected',
    when: 'This needs the PBX now, and it cannot be reached. Changes are kept and reach it when it is back.',
    remedy: 'See `/readyz` and the PBX page for the reason; repeat when it is connected.',
  },
  'pbx-failed': {
    status: 502,
    title: 'The PBX refused or failed',
    when: 'The PBX answered with an error, or not in time.',
    remedy: "Repeat once; if it stays, look at the PBX's log with the request id.",
  },
  'database-unavailable': {
    status: 503,
    title: 'The database is not available',
    when: 'The database cannot be reached or is too busy.',
    remedy: 'Repeat in a few seconds; if it stays, see `/readyz`.',
  },
  internal: {
    status: 500,
    title: 'Something failed on our side',
    when: 'A fault in Patchbay. It is in the log under the request id.',
    remedy: 'Repeat once; if it stays, report it with the request id in `instance`.',
  },
};
