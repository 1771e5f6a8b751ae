import net from 'node:net';
import { PbxError } from '../pbx-error.ts';
import { AmiExchange, type AmiQuestion } from './exchange.ts';
import type { AmiMessage } from './message.ts';
import { AmiParser } from './parser.ts';

export interface AmiAddress {
  host: string;
  port: number;
}

export interface AmiConnectionOptions extends AmiAddress {
  /** For the TCP handshake and Asterisk's first line together. */
  connectMs: number;
  /** Most actions under way at once. */
  window: number;
  /** After this long without traffic an idle connection is asked whether it is still alive. */
  keepAliveMs: number;
}

/**
 * One TCP connection to the Asterisk Manager Interface, from its banner to its end. It ends once, with
 * one reason; whoever waits for an answer at that moment is told.
 */
export class AmiConnection {
  readonly exchange: AmiExchange;
  readonly #socket: net.Socket;
  readonly #parser = new AmiParser();
  readonly #onEvent: (message: AmiMessage) => void;
  readonly #options: AmiConnectionOptions;
  #output: string[] = [];
  #bannerArrived: () => void = () => {};
  #keepAlive: NodeJS.Timeout | undefined;
  /** Settles when the connection is over, with the reason; never rejects. */
  readonly ended: Promise<PbxError>;
  #end!: (reason: PbxError) => void;

  /** Starts to connect at once; wait for `introduced` before asking. */
  constructor(options: AmiConnectionOptions, onEvent: (message: AmiMessage) => void) {
    this.#options = options;
    this.#onEvent = onEvent;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.exchange = new AmiExchange({
      window: options.window,
      send: (text) => this.#write(text),
      onUseless: (error) => this.destroy(error),
    });
    this.#socket = net.connect({ host: options.host, port: options.port, noDelay: true });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('drain', () => this.#unblock());
    this.#socket.on('error', (error) => this.destroy(connectionError(error)));
    this.#socket.on('close', () =>
      this.destroy(new PbxError('pbx-connection-lost', 'The PBX closed the connection')),
    );
  }

  /** Resolves when Asterisk has introduced itself; rejects with the reason if it does not in time. */
  async introduced(): Promise<void> {
    const banner = new Promise<'banner'>((resolve) => {
      this.#bannerArrived = () => resolve('banner');
    });
    const timer = setTimeout(
      () => this.destroy(new PbxError('pbx-not-connected', 'The PBX did not introduce itself in time')),
      this.#options.connectMs,
    );
    const first = await Promise.race([banner, this.ended]);
    clearTimeout(timer);
    if (first !== 'banner') throw first;
  }

  /** From now on a peer that has nothing to say is asked; one that does not answer is given up. */
  keepAlive(): void {
    this.#keepAlive = setInterval(() => {
      if (this.exchange.idle) this.#ping();
    }, this.#options.keepAliveMs);
    this.#keepAlive.unref();
  }

  ask(question: AmiQuestion) {
    return this.exchange.ask(question);
  }

  /** Ends the connection with this reason. Later reasons are ignored. */
  destroy(reason: PbxError): void {
    clearInterval(this.#keepAlive);
    this.exchange.end(reason);
    this.#socket.destroy();
    this.#end(reason);
  }

  #ping(): void {
    const question = { action: 'Ping', fields: [], deadlineMs: this.#options.keepAliveMs };
    this.ask(question).catch((error: PbxError) => {
      if (error.code === 'pbx-timeout') this.destroy(error);
    });
  }

  /** Gathers what is sent in one turn of the event loop into one write: a batch is one system call. */
  #write(text: string): void {
    if (this.#output.push(text) === 1) process.nextTick(() => this.#flush());
  }

  #flush(): void {
    const text = this.#output.join('');
    this.#output = [];
    if (this.#socket.destroyed) return;
    if (!this.#socket.write(text)) this.exchange.blocked = true;
  }

  #unblock(): void {
    this.exchange.blocked = false;
    this.exchange.pump();
  }

  #receive(chunk: Buffer): void {
    this.exchange.heard();
    let messages: AmiMessage[];
    try {
      messages = this.#parser.push(chunk);
    } catch (error) {
      this.destroy(error as PbxError);
      return;
    }
    if (this.#parser.bannerSeen) this.#bannerArrived();
    for (const message of messages) {
      if (!this.exchange.take(message)) this.#onEvent(message);
    }
  }
}

function connectionError(error: NodeJS.ErrnoException): PbxError {
  const code = error.syscall === 'connect' || error.syscall === 'getaddrinfo';
  return new PbxError(
    code ? 'pbx-not-connected' : 'pbx-connection-lost',
    `The connection to the PBX failed: ${error.code ?? error.message}`,
    { cause: error },
  );
}
