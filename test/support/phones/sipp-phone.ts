import { createSocket, type Socket } from 'node:dgram';
import type { AnswerPlan } from './incoming-call.ts';
import { closeLater } from './open-phones.ts';
import { RtpPort } from './rtp-port.ts';
import { newToken } from './sip-agent.ts';
import {
  cseqOf,
  formatNameAddress,
  headerValue,
  headerValues,
  isResponse,
  type SipHeader,
  type SipMessage,
  type SipResponse,
  serializeSipMessage,
} from './sip-message.ts';
import type { Address } from './sip-socket.ts';
import { SipTrace } from './sip-trace.ts';
import { SippCall } from './sipp-call.ts';
import { freeUdpPort, SippProcess } from './sipp-process.ts';
import { type PhoneCommand, phoneScenario } from './sipp-scenario.ts';
import type { RegisterResult } from './ua-phone.ts';
import { DEADLINE_MS, Waiters } from './wait-for.ts';

export type SippPhoneOptions = {
  server: Address;
  user: string;
  password: string;
  displayName?: string;
  name?: string;
  localIp?: string;
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
  readonly #local: Address;
  readonly #process: SippProcess;
  readonly #commands: Socket = createSocket('udp4');
  readonly #trace = new SipTrace();
  readonly #waiters = new Waiters();
  readonly #registrations = new Map<string, SipMessage[]>();
  #ready = false;
  #taken = 0;

  private constructor(options: SippPhoneOptions, local: Address, audio: RtpPort) {
    this.#options = options;
    this.#local = local;
    this.name = options.name ?? options.user;
    this.audio = audio;
    const { user, password, server } = options;
    const keys = {
      user,
      domain: `${server.host}:${server.port}`,
      contact: `sip:${user}@${local.host}:${local.port}`,
      rtp_ip: audio.local.host,
      rtp_port: String(audio.local.port),
    };
    this.#process = new SippProcess({
      name: this.name,
      scenario: phoneScenario(),
      server,
      local,
      args: ['-au', user, '-ap', password, ...Object.entries(keys).flatMap((pair) => ['-key', ...pair])],
      onMessage: (direction, message) => this.#note(direction, message),
      onExit: () => this.#changed(),
    });
  }

  static async open(options: SippPhoneOptions): Promise<SippPhone> {
    const host = options.localIp ?? '127.0.0.1';
    const audio = new RtpPort(host, `${options.name ?? options.user} (sipp)`);
    await audio.ready;
    const local = { host, port: await freeUdpPort(host) };
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
    this.#registrations.set(callId, []);
    this.command('REGISTRATION', [
      ['Call-ID', callId],
      ['X-Expires', String(expires)],
    ]);
    const final = await this.#until('the answer to its REGISTER', () =>
      this.#registrations.get(callId)?.find(isFinalRegistration),
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
      [
        'X-Uri',
        /^sips?:/.test(number) ? number : `sip:${encodeURIComponent(number).replace(/%2B/g, '+')}@${domain}`,
      ],
      ['X-From', formatNameAddress(displayName, `sip:${user}@${domain}`)],
    ]);
    await this.#until('its own INVITE', () => call.invite);
    return call;
  }

  /** Takes the next call that comes in and does with it what the plan says (`headers` of a plan are not for sipp). */
  async expectCall(plan: AnswerPlan = {}, within = DEADLINE_MS): Promise<SippCall> {
    const index = this.#taken++;
    const call = await this.#until(
      'an incoming call',
      () => this.calls.filter(({ incoming }) => incoming)[index],
      within,
    );
    return call.follow(plan);
  }

  /** Sends a command to the scenario; see sipp-scenario.ts. */
  command(command: PhoneCommand, headers: SipHeader[]): void {
    const own: SipHeader[] = [
      ['Via', `SIP/2.0/UDP ${this.#local.host};branch=z9hG4bK${newToken()}`],
      ['From', '<sip:test@localhost>;tag=test'],
      ['To', '<sip:phone@localhost>'],
      ['CSeq', `1 ${command}`],
    ];
    const given = new Set(headers.map(([name]) => name.toLowerCase()));
    const missing = own.filter(([name]) => !given.has(name.toLowerCase()));
    const message = { method: command, uri: 'sip:phone', headers: [...headers, ...missing], body: '' };
    this.#commands.send(serializeSipMessage(message), this.#local.port, this.#local.host);
  }

  explain(what: string): string {
    const { host, port } = this.#local;
    const dead = this.#process.running ? '' : ` Its sipp has ended: ${this.#process.lastWords}`;
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
    this.#registrations.get(callId)?.push(message);
    const known = this.calls.find((call) => call.callId === callId);
    const call = known ?? (message.method === 'INVITE' ? this.#newCall(callId) : undefined);
    if (!isCommand(message)) call?.note(direction, message);
    this.#changed();
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

  #until<T>(what: string, look: () => T | undefined | false, within = DEADLINE_MS): Promise<T> {
    return this.#waiters.until(
      () => look() || this.mustRun(),
      () => this.explain(what),
      within,
    );
  }

  async close(): Promise<void> {
    const goodbyes = this.#process.running ? this.calls.map((call) => call.hangup(1_000)) : [];
    await Promise.allSettled(goodbyes);
    await this.#process.close();
    this.#commands.close();
    this.audio.close();
  }
}

function isFinalRegistration(message: SipMessage): message is SipResponse {
  return (
    isResponse(message) && message.status >= 200 && !(message.status === 401 && cseqOf(message).number === 1)
  );
}

function isCommand(message: SipMessage): boolean {
  return /^(?:READY|REGISTRATION|DIAL|RING|ANSWER|HANGUP|REFUSE\d+)$/.test(message.method ?? '');
}

export function sippPhone(options: SippPhoneOptions): Promise<SippPhone> {
  return SippPhone.open(options);
}
