import { closeSync, type FSWatcher, openSync, readSync, watch } from 'node:fs';
import { parseSipMessage, type SipMessage } from './sip-message.ts';
import type { MessageDirection } from './traced-call.ts';

/** sipp's options for the file that `SippMessages` follows; it must be there, empty, before sipp starts. */
export const MESSAGES_FILE = 'messages.log';
export const MESSAGES_ARGS = ['-trace_msg', '-message_file', MESSAGES_FILE];

type OnMessage = (direction: MessageDirection, message: SipMessage) => void;

/**
 * The SIP messages that a running sipp sends and receives, from the file it writes them to. A file and
 * not a pipe: sipp must not wait for a test that is busy with something else.
 */
export class SippMessages {
  readonly #fd: number;
  readonly #watcher: FSWatcher;
  readonly #onMessage: OnMessage;
  readonly #chunk = Buffer.alloc(1 << 16);
  #unread = Buffer.alloc(0);

  constructor(file: string, onMessage: OnMessage) {
    this.#fd = openSync(file, 'r');
    this.#onMessage = onMessage;
    this.#watcher = watch(file, () => this.#read());
    this.#read();
  }

  #read(): void {
    for (let count = -1; count !== 0; ) {
      count = readSync(this.#fd, this.#chunk, 0, this.#chunk.length, null);
      this.#unread = Buffer.concat([this.#unread, this.#chunk.subarray(0, count)]);
    }
    while (this.#takeMessage());
  }

  /** "UDP message sent (297 bytes):" or "UDP message received [155] bytes :", an empty line, the message. */
  #takeMessage(): boolean {
    const text = this.#unread.toString('latin1'); // one character a byte, so that the indices fit
    const head = /message (sent|received) [[(](\d+)(?:\] bytes :| bytes\):)\n\n/.exec(text);
    if (!head) return false;
    const start = head.index + head[0].length;
    const end = start + Number(head[2]);
    if (this.#unread.length < end) return false;
    const message = parseSipMessage(this.#unread.subarray(start, end).toString());
    this.#unread = this.#unread.subarray(end);
    if (message) this.#onMessage(head[1] as MessageDirection, message);
    return true;
  }

  close(): void {
    this.#watcher.close();
    closeSync(this.#fd);
  }
}
