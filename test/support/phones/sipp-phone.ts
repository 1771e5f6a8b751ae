import { createSocket, type Socket } from 'node:dgram';
import path from 'node:path';
import type { AnswerPlan } from './answer-plan.ts';
import { closeLater } from './open-phones.ts';
import { RtpPort } from './rtp-port.ts';
import { newToken } from './sip-agent.ts';
import {
  cseqOf,
  formatNameAddress,
  headerValue,
  headerValues,
  isResponse,
  numberUri,
  type SipHeader,
  type SipMessage,
  type SipResponse,
} from './sip-message.ts';
import type { Address } from './sip-socket.ts';
import { SipTrace } from './sip-trace.ts';
import { SippCall } from './sipp-call.ts';
import { formatCommand, isCommand, type PhoneCommand } from './sipp-command.ts';
import { MESSAGES_ARGS, MESSAGES_FILE, SippMessages } from './sipp-messages.ts';
import { freeUdpPort, SippProcess } from './sipp-process.ts';
import { phoneScenario, scenarioKeys } from './sipp-scenario.ts';
import type { RegisterResult } from './ua-phone.ts';
import { DEADLINE_MS, Waiters } from './wait-for.ts';

export type SippPhoneOptions = {
  server: Address;
  user: string;
  password: string;
  displayName?: string;
  name?: string;
  localIp?: string;
  /** Default: any free one. */
  localPort?: number;
  /** What to do with calls that no `expectCall` waits for; default: they wait for the next `expectCall`. */
  incoming?: () => AnswerPlan;
};

/** How often a sipp that is still starting is asked whether it is there. */
const READY_EVERY_MS = 20;

/**
 * A phone whose SIP is Debian's sipp: independent of what `UaPhone` believes SIP to be. Its session
 * descriptions name an `RtpPort`, since sipp cannot tell what it hears; so it has one call at a time.
 */
export class SippPhone {
  readonly name: string;
  readonly calls: SippCall[] = [];
  readonly audio: RtpPort;
  readonly #options: SippPhoneOptions;
  readonly local: Address;
  readonly #process: SippProcess;
  readonly #messages: SippMessages;
  readonly #commands: Socket = createSocket('udp4');
  readonly #trace = new SipTrace();
  readonly #waiters = new Waiters();
  /** REGISTER and OPTIONS, by Call-ID. */
  readonly #questions = new Map<string, SipMessage[]>();
  #ready = false;
  readonly #unexpected: SippCall[] = [];
  #expecting = 0;
  #closed: Promise<void> | undefined;

  private constructor(options: SippPhoneOptions, local: Address, audio: RtpPort) {
    this.#options = options;
    this.local = local;
    this.name = options.name ?? options.user;
    this.audio = audio;
    const { user, password, server } = options;
    this.#process = new SippProcess({
      server,
      local,
      files: { 'scenario.xml': phoneScenario(), [MESSAGES_FILE]: '' },
      args: [
        ...MESSAGES_ARGS,
        ...['-au', user, '-ap', password],
        ...scenarioKeys({ user, server, local, rtp: audio.local }),
      ],
    });
    const file = path.join(this.#process.folder, MESSAGES_FILE);
    this.#messages = new SippMessages(file, (direction, message) => this.#note(direction, message));
    this.#process.ended.then(() => this.#changed());
  }

  static async open(options: SippPhoneOptions): Promise<SippPhone> {
    const host = options.localIp ?? '127.0.0.1';
    const audio = new RtpPort(host, `${options.name ?? options.user} (sipp)`);
    await audio.ready;
    const local = { host, port: options.localPort ?? (await freeUdpPort(host)) };
    const phone = closeLater(new SippPhone(options, local, audio));
    await phone.#started();
    return phone;
  }

  async #started(): Promise<void> {
    const ask = setInterval(() => this.command('READY', [['Call-ID', newToken()]]), READY_EVERY_MS);
    try {
      await this.#until('its sipp to start', () => this.#ready);
    } finally {
      clearInterval(ask);
    }
  }

  /** @param expires seconds. Resolves with the registrar's final answer, whichever it is. */
  async register({ expires = 300 }: { expires?: number } = {}): Promise<RegisterResult> {
    const callId = newToken(16);
    this.#questions.set(callId, []);
    this.command('REGISTRATION', [
      ['Call-ID', callId],
      ['X-Expires', String(expires)],
    ]);
    const final = await this.#until('the answer to its REGISTER', () =>
      this.#questions.get(callId)?.find(isFinalRegistration),
    );
    const { status, reason } = final;
    return { status, reason, contacts: headerValues(final, 'Contact') };
  }

  deregister(): Promise<RegisterResult> {
    return this.register({ expires: 0 });
  }

  /** Calls a number or URI, and resolves with the first final answer: look at `status`. */
  async dial(number: string, { within = DEADLINE_MS } = {}): Promise<SippCall> {
    const call = await this.startCall(number);
    await call.answered(within);
    return call;
  }

  /** Calls, and resolves as soon as the INVITE is out. */
  async startCall(number: string): Promise<SippCall> {
    const { server, user, displayName } = this.#options;
    const domain = `${server.host}:${server.port}`;
    const call = this.#newCall(newToken(16));
    this.command('DIAL', [
      ['Call-ID', call.callId],
      ['X-Uri', numberUri(number, domain)],
      ['X-From', formatNameAddress(displayName, `sip:${user}@${domain}`)],
    ]);
    await this.#until('its own INVITE', () => call.invite);
    return call;
  }

  /** Takes the next call that comes in and does with it what the plan says. */
  async expectCall(plan: AnswerPlan = {}, within = DEADLINE_MS, signal?: AbortSignal): Promise<SippCall> {
    this.#expecting++;
    try {
      const call = await this.#until('an incoming call', () => this.#unexpected.shift(), within, signal);
      return await call.follow(plan);
    } finally {
      this.#expecting--;
    }
  }

  /** All calls received so far, answered or not. */
  get received(): SippCall[] {
    return this.calls.filter(({ incoming }) => incoming);
  }

  /** The call that came in as number `index`, once what was planned for it has been done. */
  takeReceived(index: number, within = DEADLINE_MS): Promise<SippCall> {
    const look = () => (this.received[index]?.settled ? this.received[index] : undefined);
    return this.#until(`incoming call number ${index + 1}`, look, within);
  }

  /**
   * Every call that has reached this phone until now. Asks the server something first: what it had
   * sent before its answer is then here, so that an empty list proves that the phone was not called.
   */
  async callsSoFar(): Promise<readonly SippCall[]> {
    const callId = newToken(16);
    this.#questions.set(callId, []);
    this.command('ASK', [['Call-ID', callId]]);
    await this.#until('the answer to its OPTIONS', () => this.#questions.get(callId)?.some(isResponse));
    return this.received;
  }

  /** Sends a command to the scenario; see sipp-command.ts. */
  command(command: PhoneCommand, headers: SipHeader[]): void {
    this.#commands.send(formatCommand(command, headers), this.local.port, this.local.host);
  }

  explain(what: string): string {
    const { host, port } = this.local;
    const dead = this.#process.running ? '' : ` But its sipp has ended: ${this.#process.lastWords}.`;
    return `${this.name} (sipp ${this.#options.user} at ${host}:${port}) waited for ${what}.${dead} Its last SIP messages:\n${this.#trace.tail()}`;
  }

  /** For a wait's condition: nothing more will come from a sipp that has ended. */
  mustRun(): undefined {
    if (!this.#process.running) throw new Error(this.explain('its sipp'));
  }

  #note(direction: 'sent' | 'received', message: SipMessage): void {
    const callId = headerValue(message, 'Call-ID') ?? '';
    if (message.method === 'READY') this.#ready = true;
    else if (!isCommand(message)) this.#trace.add(direction, message, this.#options.server);
    this.#questions.get(callId)?.push(message);
    const known = this.calls.find((call) => call.callId === callId);
    const call = known ?? (message.method === 'INVITE' ? this.#newCall(callId) : undefined);
    if (!isCommand(message)) call?.note(direction, message);
    if (call && !known && call.incoming) this.#takeCall(call);
    this.#changed();
  }

  #takeCall(call: SippCall): void {
    const { incoming } = this.#options;
    if (incoming && this.#expecting === 0)
      call.follow(incoming()).catch(() => {}); // who hung up first is the test's to look at
    else this.#unexpected.push(call);
  }

  #newCall(callId: string): SippCall {
    const call = new SippCall(this, callId, this.audio);
    this.calls.push(call);
    return call;
  }

  #changed(): void {
    this.#waiters.changed();
    for (const call of this.calls) call.changed();
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

  /** Hangs up and ends its sipp. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const goodbyes = this.#process.running ? this.calls.map((call) => call.hangup(1_000)) : [];
    await Promise.allSettled(goodbyes);
    await this.#process.close();
    this.#messages.close();
    this.#commands.close();
    this.audio.close();
  }
}

function isFinalRegistration(message: SipMessage): message is SipResponse {
  return (
    isResponse(message) && message.status >= 200 && !(message.status === 401 && cseqOf(message).number === 1)
  );
}

export function sippPhone(options: SippPhoneOptions): Promise<SippPhone> {
  return SippPhone.open(options);
}
