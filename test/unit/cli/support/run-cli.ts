import { run } from '../../../../src/cli/run.ts';
import type { Terminal } from '../../../../src/cli/terminal.ts';

/** Has the form of a key and opens nothing. */
export const SOME_KEY = `pbk_${'a1'.repeat(8)}_${'b2'.repeat(32)}`;

export interface CliRun {
  code: number;
  out: string;
  err: string;
}

interface CliOptions {
  fetch?: typeof fetch;
  apiKey?: string | null;
  tenant?: string | null;
  url?: string;
  terminal?: Partial<Terminal>;
}

/** The command line in this process: as if typed, with what it wrote. Not a terminal unless told. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const written = { out: '', err: '' };
  const terminal: Terminal = {
    out(text) {
      written.out += text;
    },
    err(text) {
      written.err += text;
    },
    columns: null,
    colours: false,
    progress: false,
    ask: null,
    signal: new AbortController().signal,
    read: () => Promise.reject(new Error('no file was expected to be read')),
    ...options.terminal,
  };
  const code = await run(args, {
    config: {
      version: '0.0.0-test',
      url: options.url ?? 'http://patchbay.test',
      apiKey: options.apiKey === undefined ? SOME_KEY : options.apiKey,
      tenant: options.tenant === undefined ? 'acme' : options.tenant,
    },
    terminal,
    fetch: options.fetch ?? (() => Promise.reject(new Error('no request was expected'))),
  });
  return { code, ...written };
}

export interface Heard {
  method: string;
  /** With its query, below `/api/v1`. */
  path: string;
  headers: Headers;
  body: unknown;
}

/** A service that gives these answers in this order, and remembers what it was asked. */
export function answering(...answers: (Response | (() => Promise<Response>))[]) {
  const heard: Heard[] = [];
  const fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search } = new URL(String(input));
    heard.push({
      method: init.method ?? 'GET',
      path: pathname.replace('/api/v1', '') + search,
      headers: new Headers(init.headers),
      body: init.body === undefined ? undefined : JSON.parse(String(init.body)),
    });
    const answer = answers.shift();
    if (answer === undefined) throw new Error(`no answer was prepared for ${init.method} ${pathname}`);
    return typeof answer === 'function' ? answer() : answer;
  };
  return { fetch: fetch as typeof globalThis.fetch, heard };
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

export const nothing = () => new Response(null, { status: 204 });

export const problem = (status: number, code: string, detail: string, more: object = {}) =>
  new Response(
    JSON.stringify({
      status,
      code,
      detail,
      title: 'title',
      instance: 'urn:patchbay:request:7d11',
      errors: [],
      ...more,
    }),
    { status, headers: { 'content-type': 'application/problem+json; charset=utf-8' } },
  );

/** What fetch throws when the connection breaks; undici wraps the cause. */
export const broken = (code: string) => () =>
  Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('cause'), { code }) }));
