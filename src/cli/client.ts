import { setTimeout as pause } from 'node:timers/promises';
import { EXIT, Failure, interrupted, Refusal, readProblem } from './failure.ts';

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface Call {
  query?: Query;
  body?: unknown;
  /** If-Match: the ETag of what was read. */
  etag?: string;
  /** A request that creates is done once for each key, however often it is sent. */
  idempotencyKey?: string;
  /** `Prefer: wait`: how long the answer may be held until the PBX has the change. */
  waitSeconds?: number;
}

export interface Answer<T> {
  status: number;
  /** Undefined where the service sends none (204). */
  body: T;
  etag: string | null;
}

export interface Client {
  /** Read, and read again when the connection was lost. Paths are below `/api/v1`. */
  get<T>(path: string, query?: Query): Promise<Answer<T>>;
  /** Change: sent once. Whoever repeats it knows whether that is safe. */
  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, call?: Call): Promise<Answer<T>>;
}

export interface ClientOptions {
  /** Of the service, without `/api/v1`. */
  url: string;
  apiKey: string;
  fetch: typeof fetch;
  /** Aborted when the person interrupts. */
  signal: AbortSignal;
}

const AGAIN_AFTER_MS = [200, 1000];
/** The service's longest own deadline is 60 s (deletion); then it answers `timed-out` itself. */
const ANSWER_WITHIN_MS = 90_000;

/**
 * The API as the commands call it. What comes back is typed by hand in answers/, not by the service's zod
 * schemas: a client must not load the service, and `test/unit/cli/contract.test.ts` holds both against each other.
 *
 * @throws Refusal what the service refused; Failure 3 when there is no answer of Patchbay's, 130 when interrupted
 */
export function createClient(options: ClientOptions): Client {
  const once = (method: string, path: string, call: Call) => exchange(options, method, path, call);
  return {
    async get<T>(path: string, query?: Query) {
      for (const delay of AGAIN_AFTER_MS) {
        try {
          return (await once('GET', path, { query })) as Answer<T>;
        } catch (error) {
          if (!(error instanceof ConnectionLost)) throw error;
          // Interrupted: the next attempt says so.
          await pause(delay, undefined, { signal: options.signal }).catch(() => undefined);
        }
      }
      return (await once('GET', path, { query })) as Answer<T>;
    },
    async send<T>(method: string, path: string, call: Call = {}) {
      return (await once(method, path, call)) as Answer<T>;
    },
  };
}

/** A template whose values become one path segment each, whatever they hold. */
export function address(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return texts.reduce((path, text, at) => `${path}${encodeURIComponent(values[at - 1]!)}${text}`);
}

/** The request may have arrived; the answer did not. */
class ConnectionLost extends Failure {}

async function exchange(
  { url, apiKey, fetch, signal }: ClientOptions,
  method: string,
  path: string,
  call: Call,
): Promise<Answer<unknown>> {
  const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS + 1000 * (call.waitSeconds ?? 0));
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/api/v1${path}${queryText(call.query)}`, {
      method,
      headers: headersOf(apiKey, call),
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      // The key would not go along to another host, and what answers there is not what was asked for.
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
    });
    text = await response.text();
  } catch (error) {
    if (signal.aborted) throw interrupted(method === 'GET' ? '' : repetition(call));
    throw noAnswer(error, url, method, call, deadline.aborted);
  }
  return readAnswer(response, text, url);
}

function readAnswer(response: Response, text: string, url: string): Answer<unknown> {
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
  const body: unknown = isJson ? parsed(text) : undefined;
  if (response.ok && (isJson ? body !== undefined : text === ''))
    return { status: response.status, body, etag: response.headers.get('etag') };
  const problem = response.ok ? null : readProblem(body);
  if (problem) throw new Refusal(problem);
  throw new Failure(
    EXIT.unreachable,
    `What answers at ${url} is not Patchbay's API (HTTP ${response.status}). Check the address in --url or PATCHBAY_URL.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function headersOf(
  apiKey: string,
  { body, etag, idempotencyKey, waitSeconds }: Call,
): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', authorization: `Bearer ${apiKey}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (etag !== undefined) headers['if-match'] = etag;
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  if (waitSeconds !== undefined) headers.prefer = `wait=${waitSeconds}`;
  return headers;
}

function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? []].flat()) parameters.append(name, String(one));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/**
 * Those after which nothing can have arrived, in words. Codes of Node (errors.html) and of its fetch, undici;
 * `bad port` is a message without a code (Fetch standard, "bad port": 5060 is one).
 */
const NOT_SENT: Record<string, string> = {
  'bad port': 'that port belongs to another protocol than HTTP, and is never connected to',
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; NODE_EXTRA_CA_CERTS names one to trust',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted; NODE_EXTRA_CA_CERTS names one to trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted; NODE_EXTRA_CA_CERTS names one to trust',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there; try http://',
};

function noAnswer(error: unknown, url: string, method: string, call: Call, isLate: boolean): Failure {
  const code = codeOf(error);
  const reason = NOT_SENT[code];
  if (reason !== undefined)
    return new Failure(
      EXIT.unreachable,
      `${url} cannot be reached: ${reason}. Is the service running? Another address: --url or PATCHBAY_URL.`,
    );
  const what = isLate ? `${url} did not answer in time.` : `The connection to ${url} was lost (${code}).`;
  const lost = isLate ? Failure : ConnectionLost;
  return new lost(EXIT.unreachable, method === 'GET' ? what : `${what} ${repetition(call)}`);
}

function repetition({ idempotencyKey }: Call): string {
  return idempotencyKey === undefined
    ? 'The change may have been made: look before you repeat it.'
    : `The change may have been made. Repeat the command with --idempotency-key ${idempotencyKey}, so that it is not made twice.`;
}

/** undici wraps the cause; for a name with several addresses it is an AggregateError with a code. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return 'no reason given';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}
