import { ERROR_CODES, type ErrorCode } from '../domain/errors.ts';

/**
 * What to do about each refusal, in words of the command line; the service's own remedies speak of headers and
 * bodies. Null: the sentence says it all. A code without an entry does not compile.
 */
const REMEDIES: Record<ErrorCode, string | null> = {
  'validation-failed': 'Correct what is named above. `--help` tells what each option takes.',
  'malformed-request':
    'If this came from an ordinary option, command line and service may be of different versions.',
  unauthenticated:
    'Give a valid key in PATCHBAY_API_KEY or with --key-file. A lost key cannot be shown again.',
  forbidden: 'Use a key that holds the permission, or ask an administrator for it.',
  'not-found': 'Check what you named; the list commands show what there is.',
  'method-not-allowed':
    'Command line and service may be of different versions: compare `patchbay --version`.',
  'conflict-duplicate': 'Choose another value, or change the one that exists.',
  'extension-taken':
    'Choose another (`extensions free`), ask for `next`, or take it away first (`extensions unassign`).',
  'extension-out-of-range': "Choose one from the tenant's ranges (`extensions free`, `tenants show`).",
  'no-free-extension': "Take one away (`extensions unassign`), or have the tenant's ranges widened.",
  'number-not-owned': "Choose one of the tenant's numbers (`numbers list`), or add it first (`numbers add`).",
  'number-taken': 'Choose another, or take it away from where it is first.',
  'user-in-call':
    'Wait for the end of the call; or delete with `--when idle` (as soon as it ends) or `--when hangup` (ends it).',
  'user-is-organisation-administrator': 'Take that role away first (`users update --role`).',
  'last-organisation-administrator': 'Give the role to someone else first.',
  'profile-in-use': 'Give those who use it another profile first (`users list`, `tenants show`).',
  'is-built-in': 'Make one of your own (`profiles show` with --json is a start for `profiles create`).',
  'in-use': 'Change what refers to it first.',
  'stale-version': 'Look at it again (`show`) and repeat the command.',
  'precondition-required':
    'Command line and service may be of different versions: compare `patchbay --version`.',
  'idempotency-key-reused': 'Give --idempotency-key only to repeat the very same command.',
  'request-in-progress': 'Wait a moment and repeat it with the same --idempotency-key.',
  'unsupported-media-type':
    'Command line and service may be of different versions: compare `patchbay --version`.',
  'payload-too-large': 'Send less at once.',
  'too-many-requests': 'Wait a little, then go on more slowly.',
  'timed-out': 'Look whether it was done; if not, repeat it.',
  'pbx-not-connected': '`nodes status` tells why; repeat when it is connected.',
  'pbx-failed': "Repeat once; if it stays, look at the PBX's log.",
  'database-unavailable': 'Repeat in a few seconds; if it stays, look at /readyz of the service.',
  internal: 'Repeat once; if it stays, report it with the request id.',
};

const known = new Set<string>(ERROR_CODES);

/** `url` is the service's: its page explains codes that this command line is too old to know. */
export function remedyFor(code: string, url: string): string | null {
  return known.has(code)
    ? REMEDIES[code as ErrorCode]
    : `See ${url}/docs/errors#${encodeURIComponent(code)}.`;
}
