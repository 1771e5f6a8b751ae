import { type AnswerPlan, REFUSALS, type RefusalStatus } from './answer-plan.ts';
import type { RtpPort } from './rtp-port.ts';
import { parseSdp } from './sdp.ts';
import { isRequest, type SipMessage } from './sip-message.ts';
import type { PhoneCommand } from './sipp-command.ts';
import type { SippPhone } from './sipp-phone.ts';
import { type MessageDirection, TracedCall } from './traced-call.ts';
import { DEADLINE_MS } from './wait-for.ts';

/** A call of a sipp phone, steered by commands to its scenario. */
export class SippCall extends TracedCall {
  readonly phone: SippPhone;
  readonly audio: RtpPort;

  constructor(phone: SippPhone, callId: string, audio: RtpPort) {
    super(callId);
    this.phone = phone;
    this.audio = audio;
  }

  /** BYE, CANCEL before the answer, or a refusal. Resolves when the other side has acknowledged it. */
  override async hangup(within = DEADLINE_MS): Promise<void> {
    if (this.end || !this.invite) return;
    if (!this.isUp && this.incoming) {
      await this.refuse(603);
      return;
    }
    const up = this.isUp;
    this.#command('HANGUP');
    if (up) await this.until('the answer to its BYE', () => this.responses('BYE').length > 0, within);
    else await this.answered(within); // 487
  }

  /** Carries out the plan. Resolves when the call is up, refused (and that acknowledged), or rings. */
  async follow({ answer = true, ringing = true, status, moved }: AnswerPlan): Promise<this> {
    if (moved !== undefined) return this.refuse(302, moved);
    if (status !== undefined) return this.refuse(status as RefusalStatus);
    if (ringing) this.#command('RING');
    if (answer === false) {
      await this.provisional(180);
      this.ringsOn = true;
      this.changed();
      return this;
    }
    if (typeof answer === 'number') await new Promise((resolve) => setTimeout(resolve, answer));
    return this.answer();
  }

  async answer(): Promise<this> {
    this.#command('ANSWER');
    await this.until('the ACK of its answer', () => this.isUp || this.end !== undefined);
    return this;
  }

  async refuse(status: RefusalStatus, moved?: string): Promise<this> {
    if (!(status in REFUSALS)) throw new Error(`a sipp phone refuses with ${Object.keys(REFUSALS)} only`);
    this.#command(`REFUSE${status}`, moved);
    await this.until(`the ACK of its ${status}`, () => this.acknowledged);
    return this;
  }

  override note(direction: MessageDirection, message: SipMessage): void {
    super.note(direction, message);
    if (this.end) this.audio.sendTo(null);
    else this.#routeAudio(direction, message);
  }

  /** Audio goes where the other side's description says, from our 200 on if it was they who called. */
  #routeAudio(direction: MessageDirection, message: SipMessage): void {
    const answers = direction === 'sent' && message.status === 200;
    const theirs = answers ? this.requests('INVITE').at(-1)?.message : message;
    const waits = isRequest(message) && !this.isUp;
    const remote = direction === 'received' || answers ? parseSdp(theirs?.body ?? '') : null;
    if (remote && !waits) this.audio.sendTo(remote);
  }

  #command(command: PhoneCommand, contact?: string): void {
    const invite = this.invite;
    if (!invite) throw new Error(this.explain('an INVITE'));
    const copied = invite.headers.filter(([name]) => /^(?:via|from|to|call-id|cseq)$/i.test(name));
    this.phone.command(command, contact ? [...copied, ['Contact', `<${contact}>`]] : copied);
  }

  protected override explain(what: string): string {
    return this.phone.explain(what);
  }

  protected override mustRun(): undefined {
    return this.phone.mustRun();
  }
}
