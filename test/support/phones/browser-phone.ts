import type { BrowserContext, Page } from 'playwright-core';
import type { AnswerPlan } from './answer-plan.ts';
import { closePage, openPage } from './browser.ts';
import { BrowserCall } from './browser-call.ts';
import { closeLater } from './open-phones.ts';
import type { PageApi, PageGlobals } from './page/page-api.ts';
import {
  cseqOf,
  headerValue,
  headerValues,
  isResponse,
  numberUri,
  parseSipMessage,
  type SipMessage,
} from './sip-message.ts';
import { SipTrace } from './sip-trace.ts';
import type { MessageDirection } from './traced-call.ts';
import type { RegisterResult } from './ua-phone.ts';
import { DEADLINE_MS, Waiters } from './wait-for.ts';

export type BrowserPhoneOptions = {
  /** ws://… of Asterisk, or of a proxy before it. */
  webSocketUrl: string;
  user: string;
  password: string;
  /** Host part of the addresses; default the WebSocket's host. */
  domain?: string;
  displayName?: string;
  name?: string;
  /** The page's origin, where the WebSocket looks at it; default one of its own. */
  origin?: string;
};

/** A webphone in headless Chromium: sip.js, WebRTC, Opus. */
export class BrowserPhone {
  readonly name: string;
  readonly calls: BrowserCall[] = [];
  readonly domain: string;
  readonly #options: BrowserPhoneOptions;
  readonly #trace = new SipTrace();
  readonly #waiters = new Waiters();
  readonly #registrations: SipMessage[] = [];
  readonly #errors: string[] = [];
  #page!: Page;
  #context!: BrowserContext;
  #closed: Promise<void> | undefined;
  readonly #unexpected: BrowserCall[] = [];

  private constructor(options: BrowserPhoneOptions) {
    this.#options = options;
    this.name = options.name ?? options.user;
    this.domain = options.domain ?? new URL(options.webSocketUrl).hostname;
  }

  /** Resolves when the page's WebSocket is connected. */
  static async open(options: BrowserPhoneOptions): Promise<BrowserPhone> {
    const phone = new BrowserPhone(options);
    const { page, context } = await openPage((page) => phone.#observe(page), options.origin);
    phone.#page = page;
    phone.#context = context;
    closeLater(phone);
    const { webSocketUrl, user, password, displayName = '' } = options;
    const address = `sip:${user}@${phone.domain}`;
    await phone.page('start', { webSocketUrl, address, user, password, displayName });
    return phone;
  }

  async #observe(page: Page): Promise<void> {
    page.on('pageerror', (error) => this.#errors.push(error.message));
    page.on('crash', () => this.#errors.push('the page crashed'));
    await page.exposeBinding('reportMessage', (_source, direction: MessageDirection, text: string) =>
      this.#note(direction, text),
    );
  }

  uriOf(number: string): string {
    return numberUri(number, this.domain);
  }

  /** Runs something in the page; see page/page-api.ts. */
  page<K extends keyof PageApi>(
    what: K,
    ...args: Parameters<PageApi[K]>
  ): Promise<Awaited<ReturnType<PageApi[K]>>> {
    return this.#page.evaluate(
      ([name, values]) => {
        const phone = (globalThis as unknown as PageGlobals).browserPhone;
        return (phone[name as keyof PageApi] as (...given: unknown[]) => unknown)(...(values as unknown[]));
      },
      [what, args] as const,
    ) as Promise<Awaited<ReturnType<PageApi[K]>>>;
  }

  /** Resolves with the registrar's final answer, whichever it is. */
  async register(): Promise<RegisterResult> {
    const from = this.#registrations.length;
    await this.page('register');
    return this.#registered(from);
  }

  async deregister(): Promise<RegisterResult> {
    const from = this.#registrations.length;
    await this.page('unregister');
    return this.#registered(from);
  }

  async #registered(from: number): Promise<RegisterResult> {
    const final = await this.#until('the answer to its REGISTER', () => {
      const messages = this.#registrations.slice(from);
      return messages
        .filter(isResponse)
        .find(({ status }, index) => status >= 200 && !(status === 401 && index === 0));
    });
    return { status: final.status, reason: final.reason, contacts: headerValues(final, 'Contact') };
  }

  /** Calls a number or URI, and resolves with the first final answer: look at `status`. */
  async dial(number: string, { within = DEADLINE_MS } = {}): Promise<BrowserCall> {
    const call = await this.startCall(number);
    await call.answered(within);
    return call;
  }

  /** Calls, and resolves as soon as the INVITE is out. */
  async startCall(number: string): Promise<BrowserCall> {
    const callId = await this.page('dial', this.uriOf(number));
    return this.#until('its own INVITE', () => this.calls.find((call) => call.callId === callId));
  }

  /** Takes the next call that comes in and does with it what the plan says. */
  async expectCall(plan: AnswerPlan = {}, within = DEADLINE_MS, signal?: AbortSignal): Promise<BrowserCall> {
    const call = await this.#until('an incoming call', () => this.#unexpected.shift(), within, signal);
    return call.follow(plan);
  }

  explain(what: string): string {
    const errors = this.#errors.length > 0 ? ` Errors in its page: ${this.#errors.join('; ')}.` : '';
    return `${this.name} (browser, ${this.#options.user}) waited for ${what}.${errors} Its last SIP messages:\n${this.#trace.tail()}`;
  }

  /** For a wait's condition: nothing more will come from a page that has gone. */
  mustRun(): undefined {
    if (this.#page.isClosed()) throw new Error(this.explain('its page'));
  }

  #note(direction: MessageDirection, text: string): void {
    const message = parseSipMessage(text);
    if (!message) return;
    const { hostname, port } = new URL(this.#options.webSocketUrl);
    this.#trace.add(direction, message, { host: hostname, port: Number(port) });
    if (cseqOf(message).method === 'REGISTER') this.#registrations.push(message);
    const callId = headerValue(message, 'Call-ID') ?? '';
    this.#callOf(callId, direction, message)?.note(direction, message);
    this.#waiters.changed();
  }

  #callOf(callId: string, direction: MessageDirection, message: SipMessage): BrowserCall | undefined {
    const known = this.calls.find((call) => call.callId === callId);
    if (known || message.method !== 'INVITE') return known;
    const call = new BrowserCall(this, callId);
    this.calls.push(call);
    if (direction === 'received') this.#unexpected.push(call);
    return call;
  }

  #until<T>(
    what: string,
    look: () => T | undefined | false,
    within = DEADLINE_MS,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#waiters.until(
      () => look() || this.mustRun(),
      () => this.explain(what),
      within,
      signal,
    );
  }

  /** Hangs up and closes the page; the browser goes with its last page. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (!this.#page.isClosed()) await Promise.allSettled(this.calls.map((call) => call.hangup(1_000)));
    await closePage(this.#context);
  }
}

export function browserPhone(options: BrowserPhoneOptions): Promise<BrowserPhone> {
  return BrowserPhone.open(options);
}
