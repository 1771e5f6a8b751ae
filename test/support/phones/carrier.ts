import type { AnswerPlan } from './answer-plan.ts';
import type { IncomingCall } from './incoming-call.ts';
import type { OutgoingCall } from './outgoing-call.ts';
import type { NameAddress, SipHeader } from './sip-message.ts';
import type { Address } from './sip-socket.ts';
import type { SippCall } from './sipp-call.ts';
import { SippPhone } from './sipp-phone.ts';
import { UaPhone } from './ua-phone.ts';
import { DEADLINE_MS } from './wait-for.ts';

export type CarrierOptions = {
  /** The PBX whose trunk ends here. */
  server: Address;
  /** The address by which the PBX knows the trunk; default 127.0.0.1. */
  localIp?: string;
  /** Default: any free one; read it from `address`. */
  port?: number;
  name?: string;
};

/** What the carrier wants to know of a call that reached it, whichever phone took it. */
type ReceivedCall = {
  /** The number that the PBX dialled: the user part of the request URI. */
  readonly dialled: string;
  readonly from: NameAddress;
  readonly assertedIdentity: NameAddress | undefined;
  header(name: string): string | undefined;
};

/** A phone that can be a carrier. */
type CarrierPhone<C> = {
  readonly local: Address;
  readonly received: readonly C[];
  takeReceived(index: number, within: number): Promise<C>;
  callsSoFar(): Promise<readonly C[]>;
  explain(what: string): string;
};

/** Whom the carrier names as the caller. */
export type CarrierCaller = { from: string; display?: string; headers?: SipHeader[] };

/** A call that the PBX sent out, as the carrier saw it. */
export type CarrierCall<C = IncomingCall> = {
  number: string;
  from: NameAddress;
  assertedIdentity?: NameAddress;
  /** As on the wire. */
  diversion?: string;
  privacy?: string;
  /** The carrier's end: hang up, transfer, send tones. */
  call: C;
};

/** The far side of a trunk: takes calls (answers them, unless told otherwise), remembers them, makes calls. */
export class Carrier<C extends ReceivedCall, P extends CarrierPhone<C>> {
  /** What is done with the next calls. */
  plan: AnswerPlan = { answer: true };
  readonly phone: P;
  #taken = 0;

  private constructor(phone: P) {
    this.phone = phone;
  }

  static async open<C extends ReceivedCall, P extends CarrierPhone<C>>(
    openPhone: (incoming: () => AnswerPlan) => Promise<P>,
  ): Promise<Carrier<C, P>> {
    let plan: () => AnswerPlan = () => ({ answer: true });
    const carrier = new Carrier<C, P>(await openPhone(() => plan()));
    plan = () => carrier.plan;
    return carrier;
  }

  get address(): Address {
    return this.phone.local;
  }

  /** Every call that has reached the carrier; for "none" see `sawNothingFor`. */
  get calls(): CarrierCall<C>[] {
    return this.phone.received.map(asSeen);
  }

  /** The next call that no `nextCall` has returned yet, once the plan has been carried out. */
  async nextCall(within = DEADLINE_MS): Promise<CarrierCall<C>> {
    return asSeen(await this.phone.takeReceived(this.#taken++, within));
  }

  /** Every call that has reached the carrier until now, proven by a question to the PBX and its answer. */
  async callsSoFar(): Promise<CarrierCall<C>[]> {
    return (await this.phone.callsSoFar()).map(asSeen);
  }

  /** Calls into the PBX, and resolves with the final answer. */
  call(
    this: Carrier<IncomingCall, UaPhone>,
    number: string,
    { from, display, headers }: CarrierCaller,
  ): Promise<OutgoingCall> {
    return this.phone.dial(number, { from: { user: from, display }, headers });
  }

  /** Throws if a call to this number (in any spelling that ends in its digits) has reached the carrier. */
  async sawNothingFor(number: string): Promise<void> {
    const digits = number.replace(/\D/g, '');
    const seen = (await this.callsSoFar()).filter((call) => call.number.replace(/\D/g, '').endsWith(digits));
    if (seen.length === 0) return;
    const numbers = seen.map((call) => call.number).join(', ');
    throw new Error(
      `calls to ${number} reached the carrier, as ${numbers}. ${this.phone.explain('no such call')}`,
    );
  }
}

function asSeen<C extends ReceivedCall>(call: C): CarrierCall<C> {
  return {
    number: call.dialled,
    from: call.from,
    assertedIdentity: call.assertedIdentity,
    diversion: call.header('Diversion'),
    privacy: call.header('Privacy'),
    call,
  };
}

/** A carrier that can do all that `UaPhone` can: calls into the PBX, transfers, digits. */
export function carrier(options: CarrierOptions): Promise<Carrier<IncomingCall, UaPhone>> {
  const { server, localIp, port, name = 'carrier' } = options;
  return Carrier.open((incoming) => UaPhone.open({ server, localIp, localPort: port, user: name, incoming }));
}

/** A carrier whose SIP is sipp's. */
export function sippCarrier(options: CarrierOptions): Promise<Carrier<SippCall, SippPhone>> {
  const { server, localIp, port, name = 'carrier' } = options;
  return Carrier.open((incoming) =>
    SippPhone.open({ server, localIp, localPort: port, user: name, password: 'none', incoming }),
  );
}
