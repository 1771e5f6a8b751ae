import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Address } from './sip-socket.ts';

/** A sipp whose test was killed ends by itself after this. */
const LONGEST_RUN_S = 900;

export type SippOptions = {
  server: Address;
  local: Address;
  /** Files of its folder by name; `scenario.xml` is the scenario. */
  files: Record<string, string>;
  /** More of sipp's command line; file names in it are relative to the folder. */
  args: string[];
};

/** One running sipp, in a folder of its own that goes when it is closed. */
export class SippProcess {
  readonly folder: string;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  running = true;
  readonly #child: ChildProcess;
  #output = '';

  constructor({ server, local, files, args }: SippOptions) {
    this.folder = mkdtempSync(path.join(tmpdir(), 'sipp-'));
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(this.folder, name), content);
    const where = [
      `${server.host}:${server.port}`,
      '-i',
      local.host,
      '-bind_local',
      '-p',
      String(local.port),
    ];
    const limits = ['-timeout', `${LONGEST_RUN_S}s`, '-watchdog_interval', '0', '-nostdin'];
    this.#child = spawn('sipp', [...where, '-ci', local.host, ...limits, '-sf', 'scenario.xml', ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (text) => {
        this.#output = (this.#output + text).slice(-2_000);
      });
    this.ended = this.#end();
  }

  async #end(): Promise<void> {
    try {
      const [code, signal] = await once(this.#child, 'exit');
      this.#output += `\n(sipp ended with ${code ?? signal})`;
    } catch (error) {
      this.#output = `sipp (Debian's package sip-tester) cannot be run: ${(error as Error).message}`;
    }
    this.running = false;
  }

  /** Whether it was ended by us and not by itself. */
  get killed(): boolean {
    return this.#child.signalCode === 'SIGKILL';
  }

  /** The end of what it printed. */
  get lastWords(): string {
    return this.#output.trim();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  async close(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
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
