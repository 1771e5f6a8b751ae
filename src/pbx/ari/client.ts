import type { z } from 'zod';
import { PbxError } from '../pbx-error.ts';
import { failure } from './answers.ts';

export interface AriClientOptions {
  /** Where ARI is, without user, password or query, e.g. `http://127.0.0.1:8088/ari`. */
  baseUrl: string;
  username: string;
  password: string;
  /** Deadline of a call that names none, its whole body included. */
  deadlineMs: number;
  /** Why no call may be made at present; null when it may. */
  trouble?: () => PbxError | null;
  /** Ends all calls under way for good. */
  closed?: AbortSignal;
}

export interface AriRequest {
  /** Below the base, each segment percent-encoded: `/channels/1795296081.1`. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  deadlineMs?: number;
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** Refusals that only say that the named thing is not there. */
const NOT_FOUND = 404;

/**
 * The few calls of the Asterisk REST Interface that are used here, over Node's own fetch. The status is
 * looked at before the body is decoded, and every body that is used is checked.
 */
export class AriClient {
  readonly #baseUrl: string;
  /** In a header, never in the address: addresses get logged. */
  readonly #authorization: string;
  readonly #username: string;
  readonly #deadlineMs: number;
  readonly #trouble: () => PbxError | null;
  readonly #closed: AbortSignal[];

  constructor(options: AriClientOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, '');
    this.#username = options.username;
    this.#authorization = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
    this.#deadlineMs = options.deadlineMs;
    this.#trouble = options.trouble ?? (() => null);
    this.#closed = options.closed ? [options.closed] : [];
  }

  /** Rejects with `pbx-bad-answer` when the body is not of this form. */
  async read<T>(schema: z.ZodType<T>, method: Method, request: AriRequest): Promise<T> {
    const text = await this.#exchange(method, request);
    const at = `${method} ${request.path}`;
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      throw new PbxError('pbx-bad-answer', `${at}: the answer is not JSON`, { at });
    }
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues[0]?.path.join('.') || 'the answer';
    throw new PbxError('pbx-bad-answer', `${at}: ${where} is not as expected`, { at });
  }

  /** For calls whose answer holds nothing. */
  async call(method: Method, request: AriRequest): Promise<void> {
    await this.#exchange(method, request);
  }

  async #exchange(method: Method, request: AriRequest): Promise<string> {
    const at = `${method} ${request.path}`;
    const trouble = this.#trouble();
    if (trouble) throw new PbxError('pbx-not-connected', `${at}: ${trouble.message}`, { at, cause: trouble });
    const query = request.query ? `?${new URLSearchParams(request.query)}` : '';
    const headers: Record<string, string> = { authorization: this.#authorization };
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    try {
      const response = await fetch(`${this.#baseUrl}${request.path}${query}`, {
        method,
        headers,
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        redirect: 'error',
        signal: AbortSignal.any([
          ...this.#closed,
          AbortSignal.timeout(request.deadlineMs ?? this.#deadlineMs),
        ]),
      });
      const text = await response.text();
      if (!response.ok) throw this.#refusal(at, response.status, text);
      return text;
    } catch (error) {
      throw error instanceof PbxError ? error : transportError(at, error);
    }
  }

  #refusal(at: string, status: number, text: string): PbxError {
    if (status === 401 || status === 403) {
      const message = `The PBX refuses the ARI account "${this.#username}": check its name, password and permitted addresses in ari.conf`;
      return new PbxError('pbx-login-refused', message, { at });
    }
    const code = status === NOT_FOUND ? 'pbx-no-such-object' : 'pbx-refused';
    return new PbxError(code, `${at}: ${status} ${reasonIn(text)}`, { at });
  }
}

function reasonIn(text: string): string {
  try {
    return failure.parse(JSON.parse(text));
  } catch {
    return 'no reason given';
  }
}

/** Codes of undici and the system for a connection that never came to be: nothing was sent. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function transportError(at: string, error: unknown): PbxError {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return new PbxError('pbx-timeout', `${at}: no answer in time`, { at });
  const code = cause?.code ?? 'unknown reason';
  const never = NEVER_CONNECTED.has(code);
  return new PbxError(never ? 'pbx-not-connected' : 'pbx-connection-lost', `${at}: ${code}`, {
    at,
    cause: error,
  });
}
