import type { AnswerPlan } from './answer-plan.ts';
import type { BrowserPhone } from './browser-phone.ts';
import type { ReferOutcome } from './call.ts';
import type { AudioStats } from './page/page-api.ts';
import { headerValue, type SipMessage } from './sip-message.ts';
import { TracedCall } from './traced-call.ts';
import { DEADLINE_MS, PhoneTimeout } from './wait-for.ts';

/** A call of a browser phone. */
export class BrowserCall extends TracedCall {
  readonly phone: BrowserPhone;
  readonly audio: BrowserAudio;

  constructor(phone: BrowserPhone, callId: string) {
    super(callId);
    this.phone = phone;
    this.audio = new BrowserAudio(phone, callId);
  }

  /** BYE, CANCEL or a refusal, whichever ends it. */
  override async hangup(within = DEADLINE_MS): Promise<void> {
    if (this.end) return;
    await this.phone.page('hangup', this.callId);
    await this.waitEnded(within);
    if (!this.incoming) await this.answered(within);
  }

  /** Carries out the plan. Resolves when the call is up, refused (and that acknowledged), or rings. */
  async follow({ answer = true, status, moved, headers = [] }: AnswerPlan): Promise<this> {
    const extra = headers.map(([name, value]) => `${name}: ${value}`);
    if (moved !== undefined) return this.reject(302, [`Contact: <${moved}>`, ...extra]);
    if (status !== undefined) return this.reject(status, extra);
    await this.provisional(180); // sip.js rings by itself
    if (answer === false) return this;
    if (typeof answer === 'number') await new Promise((resolve) => setTimeout(resolve, answer));
    return this.answer();
  }

  async answer(): Promise<this> {
    await this.phone.page('answer', this.callId);
    await this.until('the ACK of its answer', () => this.isUp || this.end !== undefined);
    return this;
  }

  async reject(status: number, headers: string[] = []): Promise<this> {
    await this.phone.page('reject', this.callId, status, headers);
    await this.until(`the ACK of its ${status}`, () => this.acknowledged);
    return this;
  }

  /** @returns the status of the answer to the re-INVITE */
  async hold(): Promise<number> {
    return this.#hold(true);
  }

  async resume(): Promise<number> {
    return this.#hold(false);
  }

  async #hold(held: boolean): Promise<number> {
    const before = this.responses().filter(({ status }) => status >= 200).length;
    await this.phone.page('hold', this.callId, held);
    const look = () => this.responses().filter(({ status }) => status >= 200)[before];
    return (await this.until('the answer to its re-INVITE', look)).status;
  }

  /** Presses keys: telephone-events in RTP. */
  async sendDtmf(digits: string): Promise<void> {
    await this.phone.page('sendDigits', this.callId, digits);
  }

  /** Blind transfer. @param target a number or URI */
  async refer(target: string): Promise<ReferOutcome> {
    await this.phone.page('refer', this.callId, this.phone.uriOf(target));
    return this.#referOutcome();
  }

  /** Attended transfer: connects the far sides of this call and of `other`. */
  async referReplaces(other: BrowserCall): Promise<ReferOutcome> {
    await this.phone.page('referReplaces', this.callId, other.callId);
    return this.#referOutcome();
  }

  async #referOutcome(): Promise<ReferOutcome> {
    const answer = () => this.responses('REFER').find(({ status }) => status >= 200);
    const { status } = await this.until('the answer to its REFER', answer);
    if (status < 300)
      await this.until(
        'the outcome of its REFER (NOTIFY)',
        () => this.end || this.#notified.some(isFinalNotify),
      );
    return { status, notified: this.#notified.map(notifiedStatus).filter((reported) => reported > 0) };
  }

  get #notified(): SipMessage[] {
    return this.requests('NOTIFY').map(({ message }) => message);
  }

  protected override explain(what: string): string {
    return this.phone.explain(what);
  }

  protected override mustRun(): undefined {
    return this.phone.mustRun();
  }
}

/** The page's microphone, which all its calls share, and what one call gives to hear. */
export class BrowserAudio {
  readonly #phone: BrowserPhone;
  readonly #callId: string;

  constructor(phone: BrowserPhone, callId: string) {
    this.#phone = phone;
    this.#callId = callId;
  }

  play(tone: number | null): Promise<void> {
    return this.#phone.page('play', tone);
  }

  /** Resolves when most of what arrives is this tone (Hz). */
  async hears(tone: number, within = DEADLINE_MS): Promise<true> {
    const share = await this.#phone.page('hears', this.#callId, tone, within);
    if (share > 0.7) return true;
    const stats = JSON.stringify(await this.stats());
    const heard = `${tone} Hz (share now ${share.toFixed(2)}, ${stats})`;
    throw new PhoneTimeout(`waited ${within} ms: ${this.#phone.explain(heard)}`);
  }

  stats(): Promise<AudioStats> {
    return this.#phone.page('stats', this.#callId);
  }
}

function notifiedStatus(notify: SipMessage): number {
  return Number(/^SIP\/2\.0 (\d{3})/.exec(notify.body)?.[1] ?? 0);
}

function isFinalNotify(notify: SipMessage): boolean {
  return (
    notifiedStatus(notify) >= 200 || /^terminated/i.test(headerValue(notify, 'Subscription-State') ?? '')
  );
}
