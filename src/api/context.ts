import type { Logger } from 'pino';
import type { Cursors } from './cursor.ts';

/** What every handler receives, whatever its route. */
export type RequestContext = {
  /** Also in the `X-Request-Id` header of the answer, in problems, and in every line of the log. */
  requestId: string;
  /** The caller's address, without the `::ffff:` of IPv4 on an IPv6 socket. */
  ip: string;
  /** The version that the caller last read; null: not checked (no header, or `If-Match: *`). */
  ifMatch: number | null;
  /**
   * Set when the caller may do this for the users of supervised teams only: the caller's user id. What opens a
   * transaction passes it on (`inTenant` does), and the database shows no others.
   */
  supervisor: string | null;
  /** `Prefer: wait=<s>`, at most 30; 0 when not asked for. */
  waitSeconds: number;
  /** Aborted when the caller is gone or the deadline has passed. */
  signal: AbortSignal;
  /** Bound to the request id. Never log bodies or secrets. */
  log: Logger;
  /** For list routes: see cursor.ts. */
  cursors: Cursors;
  /** Set when the request came with an Idempotency-Key: see idempotency.ts. */
  remember: Remember | null;
};

/**
 * Keeps the answer for repeated requests *inside the transaction that makes the change*, so that a
 * crash between commit and answer cannot lead to the change being made twice. Call it last in the
 * transaction with what the handler is about to return. Throws (and so rolls back) when another
 * process has taken the request over. Without it the answer is kept after the handler is through.
 */
export type Remember = <Answer extends { status: number }>(
  transaction: unknown,
  answer: Answer,
) => Promise<Answer>;
