import { cseqOf, headerValue, isRequest, type SipMessage, startLine } from './sip-message.ts';
import type { Address } from './sip-socket.ts';

type Entry = { at: number; direction: 'sent' | 'received'; message: SipMessage; peer: Address };

/** What a phone sent and received, for the message of a test that fails. */
export class SipTrace {
  /** A load of calls must not keep every message of the run in memory. */
  static readonly KEPT = 200;
  readonly entries: Entry[] = [];
  readonly #start = performance.now();

  add(direction: Entry['direction'], message: SipMessage, peer: Address): void {
    this.entries.push({ at: performance.now() - this.#start, direction, message, peer });
    if (this.entries.length > SipTrace.KEPT) this.entries.shift();
  }

  /** The last messages, one line each: time, direction, start line, CSeq and who is said to call whom. */
  tail(count = 14): string {
    const lines = this.entries.slice(-count).map(({ at, direction, message, peer }) => {
      const arrow = direction === 'sent' ? '->' : '<-';
      const cseq = cseqOf(message);
      const details = isRequest(message)
        ? [`From: ${(headerValue(message, 'From') ?? '').replace(/;tag=.*/, '')}`]
        : [`for ${cseq.number} ${cseq.method}`];
      const reason = headerValue(message, 'Reason');
      if (reason) details.push(`Reason: ${reason}`);
      return `  ${at.toFixed(0).padStart(6)} ms ${arrow} ${peer.host}:${peer.port}  ${startLine(message)}  (${details.join(', ')})`;
    });
    return lines.length === 0 ? '  (no SIP message sent or received)' : lines.join('\n');
  }
}
