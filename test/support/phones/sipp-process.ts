import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  type FSWatcher,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseSipMessage, type SipMessage } from './sip-message.ts';
import type { Address } from './sip-socket.ts';

/** A sipp whose test was killed ends by itself after this. */
const LONGEST_RUN_S = 900;

export type SippOptions = {
  name: string;
  scenario: string;
  server: Address;
  local: Address;
  /** More of sipp's command line. */
  args: string[];
  onMessage: (direction: 'sent' | 'received', message: SipMessage) => void;
  onExit: () => void;
};

/** One running sipp, and the messages that it sends and receives as they happen (its -trace_msg). */
export class SippProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #trace: MessageLog;
  readonly #exited: Promise<unknown>;
  #output = '';
  running = true;

  constructor({ name, scenario, server, local, args, onMessage, onExit }: SippOptions) {
    this.#folder = mkdtempSync(path.join(tmpdir(), `sipp-${name.replace(/\W/g, '')}-`));
    const file = path.join(this.#folder, 'scenario.xml');
    const messages = path.join(this.#folder, 'messages.log');
    writeFileSync(file, scenario);
    this.#trace = new MessageLog(messages, onMessage);
    const where = [
      `${server.host}:${server.port}`,
      '-i',
      local.host,
      '-bind_local',
      '-p',
      String(local.port),
    ];
    const limits = ['-timeout', `${LONGEST_RUN_S}s`, '-watchdog_interval', '0', '-nostdin'];
    const logs = ['-trace_msg', '-message_file', messages, '-trace_err', '-error_file', 'errors.log'];
    this.#child = spawn('sipp', [...where, '-sf', file, '-ci', local.host, ...limits, ...logs, ...args], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (text) => {
        this.#output = (this.#output + text).slice(-2_000);
      });
    this.#exited = once(this.#child, 'exit').catch(() => {});
    this.#exited.then(() => {
      this.running = false;
      onExit();
    });
  }

  /** Why it is not running, in sipp's own words. */
  get lastWords(): string {
    return this.#output.trim() || `sipp ended with ${this.#child.exitCode ?? this.#child.signalCode}`;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#exited;
    this.#trace.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Follows the file that sipp writes. A file and not a pipe: sipp must not wait for a test that is
 * busy with something else.
 */
class MessageLog {
  readonly #fd: number;
  readonly #watcher: FSWatcher;
  readonly #onMessage: SippOptions['onMessage'];
  readonly #chunk = Buffer.alloc(1 << 16);
  #unread = Buffer.alloc(0);

  constructor(file: string, onMessage: SippOptions['onMessage']) {
    writeFileSync(file, '');
    this.#fd = openSync(file, 'r');
    this.#onMessage = onMessage;
    this.#watcher = watch(file, () => this.#read());
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
    const head = /message (sent|received) [[(](\d+)(?:\] bytes :| bytes\):)\n\n/.exec(
      this.#unread.toString('latin1'),
    );
    if (!head) return false;
    const start = head.index + head[0].length;
    const end = start + Number(head[2]);
    if (this.#unread.length < end) return false;
    const message = parseSipMessage(this.#unread.subarray(start, end).toString());
    this.#unread = this.#unread.subarray(end);
    if (message) this.#onMessage(head[1] as 'sent' | 'received', message);
    return true;
  }

  close(): void {
    this.#watcher.close();
    closeSync(this.#fd);
  }
}

/** A UDP port that is free now; sipp wants to be told its port, because its Contact names it. */
export async function freeUdpPort(host: string): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
