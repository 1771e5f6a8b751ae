import { PbxError } from '../pbx-error.ts';
import { AmiMessage } from './message.ts';

const END = '\r\n\r\n';
const BANNER = 'Asterisk Call Manager/';
const EMPTY = Buffer.alloc(0);

/**
 * The largest single message taken. The largest real one is the answer to `core show taskprocessors`:
 * 1.6 MB with 10,000 tracked aors.
 */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/**
 * Turns the bytes of an AMI connection into messages, however they are cut into chunks.
 *
 * Bytes are joined and decoded only when a message is complete, so a message of n bytes costs O(n) in
 * any number of chunks, and no character is cut in two. What is not UTF-8 becomes U+FFFD.
 */
export class AmiParser {
  readonly #maxMessageBytes: number;
  #bannerSeen = false;
  #chunks: Buffer[] = [];
  #size = 0;
  /** The last bytes seen, to find an end that lies across two chunks. */
  #tail: Buffer = EMPTY;

  constructor(maxMessageBytes = MAX_MESSAGE_BYTES) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  get bannerSeen(): boolean {
    return this.#bannerSeen;
  }

  /** The messages that this chunk completes. Throws `pbx-bad-answer` for what no Asterisk sends. */
  push(chunk: Buffer): AmiMessage[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (!this.#bannerSeen && !this.#takeBanner()) return [];
    return this.#takeMessages(chunk);
  }

  #takeBanner(): boolean {
    const data = this.#join();
    const end = data.indexOf('\r\n');
    const line = data.toString('latin1', 0, end < 0 ? Math.min(data.length, BANNER.length) : end);
    const looksRight = end < 0 ? BANNER.startsWith(line) : line.startsWith(BANNER);
    if (!looksRight || (end < 0 && data.length > 1024)) {
      throw new PbxError('pbx-bad-answer', 'This is not an Asterisk Manager Interface: no banner');
    }
    if (end < 0) return false;
    this.#bannerSeen = true;
    this.#keep(data.subarray(end + 2));
    return this.#size > 0;
  }

  #takeMessages(chunk: Buffer): AmiMessage[] {
    const seam = Buffer.concat([this.#tail, chunk.subarray(0, END.length - 1)]);
    const complete = chunk.includes(END) || seam.includes(END);
    if (!complete) {
      this.#tail = lastBytes(this.#tail, chunk);
      if (this.#size > this.#maxMessageBytes) {
        throw new PbxError('pbx-bad-answer', `A message is longer than ${this.#maxMessageBytes} bytes`);
      }
      return [];
    }
    const data = this.#join();
    const end = data.lastIndexOf(END);
    // The banner's own CRLF may have completed a seam that the remaining bytes do not contain.
    if (end < 0) return [];
    this.#keep(data.subarray(end + END.length));
    const blocks = data.toString('utf8', 0, end).split(END);
    return blocks.filter(isMessage).map((block) => new AmiMessage(block));
  }

  #join(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#size)];
    return this.#chunks[0]!;
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    this.#tail = lastBytes(EMPTY, rest);
  }
}

function lastBytes(before: Buffer, chunk: Buffer): Buffer {
  const count = END.length - 1;
  return chunk.length >= count
    ? chunk.subarray(chunk.length - count)
    : Buffer.concat([before, chunk]).subarray(-count);
}

/** A block without a single name holds nothing. */
function isMessage(block: string): boolean {
  return block.includes(':');
}
