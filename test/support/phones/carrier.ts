import type { AnswerPlan, IncomingCall } from './incoming-call.ts';
import type { OutgoingCall } from './outgoing-call.ts';
import type { NameAddress, SipHeader } from './sip-message.ts';
import type { Address } from './sip-socket.ts';
import { UaPhone } from './ua-phone.ts';
import { DEADLINE_MS, Waiters } from './wait-for.ts';

export type CarrierOptions = {
  /** The PBX whose trunk ends here. */
  server: Address;
  /** The address by which the PBX knows the trunk; default 127.0.0.1. */
  localIp?: string;
  /** Default: any free one; read it from `address`. */
  port?: number;
  name?: string;
};

/** A call that the PBX sent out, as the carrier saw it. */
export type CarrierCall = {
  /** The user part of the request URI. */
  number: string;
  from: NameAddress;
  assertedIdentity?: NameAddress;
  /** As on the wire. */
  diversion?: string;
  privacy?: string;
  /** The carrier's end: hang up, transfer, send tones. */
  call: IncomingCall;
};

/** Whom the carrier names as the caller. */
export type CarrierCaller = { from: string; display?: string; headers?: SipHeader[] };

/** The far side of a trunk: takes calls (answers them, unless told otherwise), remembers them, makes calls. */
export class Carrier {
  /** What is done with the next calls. */
  plan: AnswerPlan = { answer: true };
  readonly calls: CarrierCall[] = [];
  readonly #waiters = new Waiters();
  #phone!: UaPhone;
  #taken = 0;

  private constructor() {}

  static async open({ server, localIp, port, name = 'carrier' }: CarrierOptions): Promise<Carrier> {
    const carrier = new Carrier();
    const incoming = (call: IncomingCall) => carrier.#receive(call);
    carrier.#phone = await UaPhone.open({ server, user: name, localIp, localPort: port, incoming });
    return carrier;
  }

  get address(): Address {
    return this.#phone.agent.local;
  }

  /** The next call that no `nextCall` has returned yet, once the plan has been carried out. */
  async nextCall(within = DEADLINE_MS): Promise<CarrierCall> {
    const index = this.#taken++;
    const missing = () => this.#phone.explain(`call ${index + 1}`);
    const { call, ...seen } = await this.#waiters.until(() => this.calls[index], missing, within);
    await call.until('its plan to be carried out', () => call.settled, within);
    return { call, ...seen };
  }

  /**
   * Every call that has reached the carrier until now. Asks the PBX something first and waits for the
   * answer: what the PBX had sent before is then here, so that "none" is proven and not hoped for.
   */
  async callsSoFar(): Promise<readonly CarrierCall[]> {
    await this.#phone.callsSoFar();
    return this.calls;
  }

  /** Throws if a call to this number (in any spelling that ends in its digits) has reached the carrier. */
  async sawNothingFor(number: string): Promise<void> {
    const digits = number.replace(/\D/g, '');
    const seen = (await this.callsSoFar()).filter((call) => call.number.replace(/\D/g, '').endsWith(digits));
    if (seen.length > 0)
      throw new Error(
        `${seen.length} call(s) to ${number} reached the carrier, as ${seen.map((call) => call.number).join(', ')}.\n${this.#phone.explain('none')}`,
      );
  }

  /** Calls into the PBX, and resolves with the final answer. */
  async call(number: string, caller: CarrierCaller): Promise<OutgoingCall> {
    const call = await this.startCall(number, caller);
    await call.answered();
    return call;
  }

  startCall(number: string, { from, display, headers }: CarrierCaller): Promise<OutgoingCall> {
    return this.#phone.startCall(number, { from: { user: from, display }, headers });
  }

  #receive(call: IncomingCall): AnswerPlan {
    this.calls.push({
      number: call.dialled,
      from: call.from,
      assertedIdentity: call.assertedIdentity,
      diversion: call.header('Diversion'),
      privacy: call.header('Privacy'),
      call,
    });
    this.#waiters.changed();
    return this.plan;
  }
}

export function carrier(options: CarrierOptions): Promise<Carrier> {
  return Carrier.open(options);
}
