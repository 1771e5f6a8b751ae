import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { parseSipMessage, type SipMessage, serializeSipMessage } from './sip-message.ts';
import type { SipTrace } from './sip-trace.ts';

export type Address = { host: string; port: number };
export type Transport = 'udp' | 'tcp';
export type SipSocketOptions = {
  server: Address;
  localIp: string;
  localPort: number;
  transport: Transport;
  trace: SipTrace;
};

type Receive = (message: SipMessage, from: Address) => void;

/** One bound address that sends and receives SIP; every message goes through the trace. */
export abstract class SipSocket {
  receive: Receive = () => {};
  abstract readonly local: Address;
  abstract readonly reliable: boolean;
  protected readonly trace: SipTrace;

  constructor(trace: SipTrace) {
    this.trace = trace;
  }

  static bind(options: SipSocketOptions): Promise<SipSocket> {
    return options.transport === 'udp' ? UdpSocket.open(options) : TcpConnection.open(options);
  }

  send(message: SipMessage, to: Address): void {
    this.trace.add('sent', message, to);
    this.write(Buffer.from(serializeSipMessage(message)), to);
  }

  protected arrived(text: string, from: Address): void {
    const message = parseSipMessage(text);
    if (!message) return;
    this.trace.add('received', message, from);
    this.receive(message, from);
  }

  abstract close(): Promise<void>;
  protected abstract write(bytes: Buffer, to: Address): void;
}

class UdpSocket extends SipSocket {
  readonly local: Address;
  readonly reliable = false;
  readonly #socket: Socket;

  private constructor(socket: Socket, trace: SipTrace) {
    super(trace);
    this.#socket = socket;
    const { address, port } = socket.address();
    this.local = { host: address, port };
    socket.on('message', (bytes, from) =>
      this.arrived(bytes.toString(), { host: from.address, port: from.port }),
    );
    // A refused datagram (ICMP from a server that is away) is not the phone's end: it retransmits.
    socket.on('error', () => {});
  }

  static async open({ localIp, localPort, trace }: SipSocketOptions): Promise<SipSocket> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    socket.bind(localPort, localIp);
    await once(socket, 'listening');
    return new UdpSocket(socket, trace);
  }

  protected write(bytes: Buffer, to: Address): void {
    this.#socket.send(bytes, to.port, to.host);
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

/** A client's connection to its server, which calls back over it (Contact names its own port). */
class TcpConnection extends SipSocket {
  readonly local: Address;
  readonly reliable = true;
  readonly #socket: TcpSocket;
  #buffer = Buffer.alloc(0);

  private constructor(socket: TcpSocket, trace: SipTrace, server: Address) {
    super(trace);
    this.#socket = socket;
    this.local = { host: socket.localAddress!, port: socket.localPort! };
    socket.on('data', (bytes) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      for (let text = this.#takeMessage(); text !== null; text = this.#takeMessage())
        this.arrived(text, server);
    });
    socket.on('error', () => {});
  }

  static async open({ server, localIp, localPort, trace }: SipSocketOptions): Promise<SipSocket> {
    const socket = connect({ ...server, localAddress: localIp, localPort, noDelay: true });
    await once(socket, 'connect');
    return new TcpConnection(socket, trace, server);
  }

  /** One message by its Content-Length (RFC 3261 section 18.3), or null until it is complete. */
  #takeMessage(): string | null {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const head = this.#buffer.subarray(0, end).toString();
    const length = Number(/^(?:content-length|l)\s*:\s*(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#buffer.length < end + 4 + length) return null;
    const text = this.#buffer.subarray(0, end + 4 + length).toString();
    this.#buffer = this.#buffer.subarray(end + 4 + length);
    return text.replace(/^(?:\r\n)+/, ''); // keep-alives between messages
  }

  protected write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }
}
