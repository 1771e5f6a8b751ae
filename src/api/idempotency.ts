import { DomainError } from '../domain/errors.ts';
import type { Remember } from './context.ts';
import type { AnyReply } from './route.ts';
import type { Seal } from './seal.ts';

/**
 * Where answers to requests with an Idempotency-Key are kept. Each operation is atomic. Ids and
 * fingerprints are keyed hashes, answers are sealed: the store never sees a key or a secret.
 */
export type IdempotencyStore = {
  /**
   * Takes the id for this request unless it is taken. A claim that was never answered can be taken
   * over when its lease has run out (its process died).
   */
  claim(entry: {
    id: string;
    fingerprint: string;
    leaseSeconds: number;
    keepSeconds: number;
  }): Promise<IdempotencyClaim>;
  /** Keeps the answer, in the transaction when one is given. false: the claim is no longer ours. */
  answer(id: string, lease: string, sealedAnswer: string, transaction?: unknown): Promise<boolean>;
  /** Gives an unanswered claim back, so that a repetition is tried anew. Touches nothing else. */
  release(id: string, lease: string): Promise<void>;
};

export type IdempotencyClaim =
  /** Ours: do the work. `lease` is unique to this claim. */
  | { kind: 'claimed'; lease: string }
  | { kind: 'in-progress' }
  /** Answered before, for this fingerprint. */
  | { kind: 'answered'; fingerprint: string; sealedAnswer: string }
  /** Taken by a request with another fingerprint. */
  | { kind: 'other-request' };

/** A reply as it went out: the body already serialised through the response schema. */
export type KeptReply = { status: number; headers: Record<string, string>; json: unknown };

const KEEP_SECONDS = 24 * 3600;
const KEY = /^[\x21-\x7e]{8,255}$/;

export function readIdempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw new DomainError(
    'malformed-request',
    'Idempotency-Key must be 8 to 255 visible characters; a random UUID is best.',
    {
      fields: [{ in: 'header', path: '/Idempotency-Key', message: 'Send a random UUID.' }],
    },
  );
}

export type IdempotentRequest = {
  key: string;
  /** Whose key it is: the same key of two callers is two keys. */
  actorId: string;
  /** Method, address and validated content: what must be the same for a repetition. */
  content: unknown;
  leaseSeconds: number;
};

/**
 * Does the work once for each key.
 *
 * Only successes are kept: a refused request changed nothing, and repeating it after the reason
 * is gone must be possible. `serialise` turns what the handler returns into what is sent.
 */
export async function once(
  request: IdempotentRequest,
  store: IdempotencyStore,
  seal: Seal,
  serialise: (reply: AnyReply) => KeptReply,
  work: (remember: Remember) => Promise<AnyReply>,
): Promise<{ kept: KeptReply; replayed: boolean }> {
  const id = seal.mac(`id ${request.actorId} ${request.key}`);
  const fingerprint = seal.mac(`content ${JSON.stringify(request.content)}`);
  const claim = await store.claim({
    id,
    fingerprint,
    leaseSeconds: request.leaseSeconds,
    keepSeconds: KEEP_SECONDS,
  });
  if (claim.kind !== 'claimed') return { kept: replay(claim, id, fingerprint, seal), replayed: true };

  const keep = async (reply: AnyReply, transaction?: unknown): Promise<void> => {
    const sealed = seal.seal(JSON.stringify(serialise(reply)), id);
    if (!(await store.answer(id, claim.lease, sealed, transaction))) throw inProgress();
  };
  let kept = false;
  try {
    const reply = await work(async (transaction, answer) => {
      await keep(answer, transaction);
      kept = true;
      return answer;
    });
    if (!kept) await keep(reply);
    return { kept: serialise(reply), replayed: false };
  } catch (error) {
    // An answer kept by a transaction that committed is not touched by this.
    await store.release(id, claim.lease).catch(() => undefined);
    throw error;
  }
}

function replay(
  claim: Exclude<IdempotencyClaim, { kind: 'claimed' }>,
  id: string,
  fingerprint: string,
  seal: Seal,
): KeptReply {
  if (claim.kind === 'in-progress') throw inProgress();
  if (claim.kind === 'other-request' || claim.fingerprint !== fingerprint)
    throw new DomainError(
      'idempotency-key-reused',
      'This Idempotency-Key came before with another address or another content. Use a new key for a new request.',
      { fields: [{ in: 'header', path: '/Idempotency-Key', message: 'Send a new random UUID.' }] },
    );
  const text = seal.open(claim.sealedAnswer, id);
  if (text === null)
    throw new DomainError(
      'idempotency-key-reused',
      "The first answer to this Idempotency-Key can no longer be read, because the service's secret was changed. See whether the request was done, and use a new key.",
    );
  return JSON.parse(text) as KeptReply;
}

function inProgress(): DomainError {
  return new DomainError(
    'request-in-progress',
    'A request with this Idempotency-Key is still being worked on. Wait a moment and repeat it with the same key.',
  );
}
