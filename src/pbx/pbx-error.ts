/**
 * Everything that can go wrong between Patchbay and a PBX. The set is closed: one table turns it into
 * problem details, and one switch in the reconciler decides what to do.
 */
export type PbxErrorCode =
  /** No usable connection; nothing was sent. The `connected` event says when to try again. */
  | 'pbx-not-connected'
  /** The connection ended after the request had been sent and before its answer came. */
  | 'pbx-connection-lost'
  /** No answer within the deadline. */
  | 'pbx-timeout'
  /** The PBX answered, and its answer was no. */
  | 'pbx-refused'
  /** The PBX answered that it has no such object: a kind of refusal that callers often expect. */
  | 'pbx-no-such-object'
  /** The PBX does not accept our name, secret or address. */
  | 'pbx-login-refused'
  /** A value cannot reach the PBX unchanged (a line break, say, or too long). Nothing was sent. */
  | 'pbx-invalid-value'
  /** An answer came that we cannot read. */
  | 'pbx-bad-answer'
  /** The caller gave up before it was sent. */
  | 'pbx-cancelled';

/**
 * What is known about the request:
 * - `not-sent`: it cannot have had any effect.
 * - `refused`: the PBX has decided not to carry it out.
 * - `unknown`: it may or may not have taken effect. Read back before deciding anything.
 */
export type PbxOutcome = 'not-sent' | 'refused' | 'unknown';

const OUTCOME: Record<PbxErrorCode, PbxOutcome> = {
  'pbx-not-connected': 'not-sent',
  'pbx-connection-lost': 'unknown',
  'pbx-timeout': 'unknown',
  'pbx-refused': 'refused',
  'pbx-no-such-object': 'refused',
  'pbx-login-refused': 'refused',
  'pbx-invalid-value': 'not-sent',
  'pbx-bad-answer': 'unknown',
  'pbx-cancelled': 'not-sent',
};

export interface PbxErrorDetail {
  /** Overrides what the code implies, e.g. a deadline that passed before the request was sent. */
  outcome?: PbxOutcome;
  /** The action, path or field concerned. Never a value: values may be secrets. */
  at?: string;
  cause?: unknown;
}

export class PbxError extends Error {
  override readonly name = 'PbxError';
  readonly code: PbxErrorCode;
  readonly outcome: PbxOutcome;
  readonly at: string | undefined;

  constructor(code: PbxErrorCode, message: string, detail: PbxErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.outcome = detail.outcome ?? OUTCOME[code];
    this.at = detail.at;
  }
}

/** True when the connection, not the single request, is the trouble: going on with a batch is useless. */
export function isConnectionTrouble(error: PbxError): boolean {
  return (
    error.code === 'pbx-not-connected' ||
    error.code === 'pbx-connection-lost' ||
    error.code === 'pbx-timeout' ||
    error.code === 'pbx-login-refused'
  );
}
