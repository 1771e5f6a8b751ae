import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AudioDescription } from './sdp.ts';
import { DIGITS_PAYLOAD, PCMU_PAYLOAD } from './sdp.ts';
import type { Address } from './sip-socket.ts';
import { MULAW_SILENCE, mulawTone, toneShare } from './tone.ts';
import { DEADLINE_MS, Waiters } from './wait-for.ts';

const PACKET_MS = 20;
const PACKET_SAMPLES = 160;
/** What `hears` looks at: long enough to tell 440 from 480 Hz, short enough for quick tests. */
const WINDOW_SAMPLES = 800;
const DIGITS = '0123456789*#ABCD';
/** RFC 4733: 80 ms of a digit, its last packet three times. */
const DIGIT_PACKETS = 4;
const DIGIT_END_PACKETS = 3;

export type RtpCounts = { sent: number; received: number };

/**
 * One side of a call's audio: sends PCMU every 20 ms (silence, or a tone) as a phone does, and tells
 * which tone and which digits arrive.
 */
export class RtpPort {
  /** Resolves when the port is bound and `local` is known. */
  readonly ready: Promise<unknown>;
  readonly counts: RtpCounts = { sent: 0, received: 0 };
  /** Digits received as telephone-events, in order. */
  digits = '';
  readonly #socket: Socket;
  readonly #waiters = new Waiters();
  readonly #owner: string;
  readonly #ssrc = Math.floor(Math.random() * 0xffffffff);
  readonly #digitQueue: Buffer[] = [];
  #remote: AudioDescription | null = null;
  #tone: number | null = null;
  #sequence = 0;
  #timestamp = 0;
  #started = 0;
  #timer: NodeJS.Timeout | undefined;
  #heard = Buffer.alloc(0);
  #lastDigitTimestamp = -1;

  /** @param owner who waits, for error messages */
  constructor(host: string, owner: string) {
    this.#owner = owner;
    this.#socket = createSocket('udp4');
    this.ready = once(this.#socket, 'listening');
    this.#socket.bind(0, host);
    this.#socket.on('message', (packet) => this.#receive(packet));
    this.#socket.on('error', () => {}); // the other side's port may be gone already
  }

  get local(): Address {
    const { address, port } = this.#socket.address();
    return { host: address, port };
  }

  /** Where to send; null or port 0 stops sending, and so does a direction that does not receive. */
  sendTo(remote: AudioDescription | null): void {
    this.#remote = remote;
    const sending = remote && remote.port !== 0 && /^(?:sendrecv|recvonly)$/.test(remote.direction);
    if (!sending) this.#stopSending();
    else if (!this.#timer) this.#startSending();
  }

  #startSending(): void {
    this.#started = performance.now() - (this.#timestamp / PACKET_SAMPLES) * PACKET_MS;
    this.#timer = setInterval(() => this.#sendDue(), PACKET_MS / 2);
    this.#sendDue();
  }

  /** From now on send this tone (Hz); null is silence. */
  play(tone: number | null): void {
    this.#tone = tone;
  }

  sendDigits(digits: string): void {
    for (const digit of digits) this.#digitQueue.push(...digitPackets(DIGITS.indexOf(digit.toUpperCase())));
  }

  /** Resolves when a tenth of a second of this tone has arrived. */
  hears(tone: number, within = DEADLINE_MS): Promise<true> {
    this.#heard = Buffer.alloc(0);
    return this.#waiters.until(
      () => this.#heard.length === WINDOW_SAMPLES && toneShare(this.#heard, tone) > 0.7 && (true as const),
      () => `${this.#owner} did not hear ${tone} Hz (${this.describe()})`,
      within,
    );
  }

  /** Resolves when a tenth of a second has arrived in which this tone is not. */
  losesTone(tone: number, within = DEADLINE_MS): Promise<true> {
    return this.#waiters.until(
      () => this.#heard.length === WINDOW_SAMPLES && toneShare(this.#heard, tone) < 0.1 && (true as const),
      () => `${this.#owner} still hears ${tone} Hz (${this.describe()})`,
      within,
    );
  }

  receivesDigits(digits: string, within = DEADLINE_MS): Promise<true> {
    return this.#waiters.until(
      () => this.digits.includes(digits) && (true as const),
      () => `${this.#owner} received the digits "${this.digits}" instead of "${digits}" (${this.describe()})`,
      within,
    );
  }

  /**
   * Resolves when a tenth of a second has arrived since the call began, or after a second without.
   * For transfers: Asterisk answers before it joins the two sides, and transfers asked for within the
   * same milliseconds went wrong on busy cores (1 of 60 blind ones led nowhere, 7 of 150 attended ones
   * left one side deaf in a native_rtp bridge; none of 300 after this). No person is that quick.
   */
  async flows(): Promise<void> {
    const enough = () => this.counts.received >= 5;
    await this.#waiters.until(enough, () => '', 1_000).catch(() => {});
  }

  /** Resolves when so many more packets have arrived. */
  receivesPackets(count: number, within = DEADLINE_MS): Promise<true> {
    const goal = this.counts.received + count;
    return this.#waiters.until(
      () => this.counts.received >= goal && (true as const),
      () => `${this.#owner} did not receive ${count} RTP packets (${this.describe()})`,
      within,
    );
  }

  describe(): string {
    const { sent, received } = this.counts;
    const to = this.#remote ? `${this.#remote.host}:${this.#remote.port}` : 'nobody';
    const tones = [350, 425, 440, 480, 620, 880, 1000].filter((hz) => toneShare(this.#heard, hz) > 0.3);
    return `RTP: ${sent} packets sent to ${to}, ${received} received, tones there now: ${tones.join(', ') || 'none'}`;
  }

  close(): void {
    this.#stopSending();
    this.#socket.close();
  }

  #stopSending(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Timers are late on a busy machine: whatever is due by the clock is sent, so the rate is right. */
  #sendDue(): void {
    const due = Math.floor((performance.now() - this.#started) / PACKET_MS) + 1;
    while (this.#timestamp / PACKET_SAMPLES < due && this.#remote) this.#sendPacket(this.#remote);
  }

  #sendPacket(remote: AudioDescription): void {
    const digit = this.#digitQueue.shift();
    const payload = digit ?? this.#audio();
    const type = digit ? (remote.digitsPayload ?? DIGITS_PAYLOAD) : PCMU_PAYLOAD;
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = type;
    header.writeUInt16BE(this.#sequence++ & 0xffff, 2);
    header.writeUInt32BE(digit ? this.#digitTimestamp(digit) : this.#timestamp, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    this.#timestamp += PACKET_SAMPLES;
    this.counts.sent++;
    this.#socket.send(Buffer.concat([header, payload]), remote.port, remote.host);
  }

  #audio(): Buffer {
    return this.#tone === null
      ? Buffer.alloc(PACKET_SAMPLES, MULAW_SILENCE)
      : mulawTone(this.#tone, this.#timestamp, PACKET_SAMPLES);
  }

  /** All packets of one digit carry the time of its beginning (RFC 4733 section 2.2). */
  #digitTimestamp(packet: Buffer): number {
    if (packet.readUInt16BE(2) === PACKET_SAMPLES) this.#lastDigitTimestamp = this.#timestamp;
    return this.#lastDigitTimestamp;
  }

  #receive(packet: Buffer): void {
    if (packet.length < 12) return;
    this.counts.received++;
    const type = packet[1]! & 0x7f;
    const payload = packet.subarray(12 + 4 * (packet[0]! & 0x0f));
    if (type === PCMU_PAYLOAD) this.#heard = Buffer.concat([this.#heard, payload]).subarray(-WINDOW_SAMPLES);
    else if (type === DIGITS_PAYLOAD) this.#receiveDigit(payload, packet.readUInt32BE(4));
    this.#waiters.changed();
  }

  #receiveDigit(event: Buffer, timestamp: number): void {
    const ended = (event[1]! & 0x80) !== 0;
    if (!ended || timestamp === this.#receivedDigitTimestamp) return;
    this.#receivedDigitTimestamp = timestamp;
    this.digits += DIGITS[event[0]!] ?? '?';
  }
  #receivedDigitTimestamp = -1;
}

function digitPackets(event: number): Buffer[] {
  if (event < 0) throw new Error('a digit is one of 0-9 * # A-D');
  return Array.from({ length: DIGIT_PACKETS + DIGIT_END_PACKETS }, (_, index) => {
    const packet = Buffer.from([event, index < DIGIT_PACKETS ? 10 : 0x80 | 10, 0, 0]);
    packet.writeUInt16BE(PACKET_SAMPLES * Math.min(index + 1, DIGIT_PACKETS), 2);
    return packet;
  });
}
