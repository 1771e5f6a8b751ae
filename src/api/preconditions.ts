import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '../domain/errors.ts';

/** Versions are whole numbers that grow with each change; on the wire a strong ETag: `"7"`. */
export const etagOf = (version: number): string => `"${version}"`;

const STRONG_TAG = /^"(\d{1,15})"$/;

/**
 * The version in If-Match; null when there is none to compare (no header, or `*`).
 * Weak tags never match under If-Match (RFC 9110, section 13.1.1), so they are refused in words
 * rather than with a 412 that no reading-again could mend.
 */
export function readIfMatch(
  headers: IncomingHttpHeaders,
  need: 'required' | 'optional' | null,
): number | null {
  if (need === null) return null;
  const sent = headers['if-match']?.trim();
  if (sent === undefined) {
    if (need === 'optional') return null;
    throw new DomainError(
      'precondition-required',
      'This change needs an If-Match header with the ETag of what you last read, so that nobody overwrites what they have not seen.',
    );
  }
  if (sent === '*') return null;
  const match = STRONG_TAG.exec(sent);
  if (match) return Number(match[1]);
  throw new DomainError(
    'malformed-request',
    'If-Match must be one strong tag exactly as ETag gave it, like "7" with its quotes, or *. Weak tags (W/) and lists are not understood.',
    { fields: [{ in: 'header', path: '/If-Match', message: 'Send the ETag unchanged.' }] },
  );
}

/** Whether the caller has this version already (304). Comparison is weak here (RFC 9110, section 13.1.2). */
export function hasAlready(headers: IncomingHttpHeaders, version: number): boolean {
  const tags = headers['if-none-match'];
  if (tags === undefined) return false;
  return tags
    .split(',')
    .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etagOf(version));
}

export const LONGEST_WAIT = 30;

/** `Prefer: wait=10` (RFC 7240, section 4.3) in seconds, cut to 30. A preference that cannot be read is ignored. */
export function readWait(headers: IncomingHttpHeaders): number {
  const prefer = headers.prefer;
  const match = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(String(prefer ?? ''));
  return match ? Math.min(Number(match[1]), LONGEST_WAIT) : 0;
}
