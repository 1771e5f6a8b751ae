import { once } from 'node:events';
import net from 'node:net';

/** An action as the scripted peer has read it. */
export interface ReceivedAction {
  name: string;
  id: string;
  field: (name: string) => string | undefined;
}

export interface Peer {
  socket: net.Socket;
  /** Writes lines as one message; the blank line is added. */
  send: (...lines: string[]) => void;
  /** Writes these bytes as they are. */
  raw: (bytes: string | Buffer) => void;
  succeed: (action: ReceivedAction, ...lines: string[]) => void;
  /** Answers with a list of these items, each an array of lines. */
  list: (action: ReceivedAction, items: string[][]) => void;
}

export interface Script {
  /** Sent on connecting; null for a peer that says nothing. */
  banner?: string | null;
  /** Called for every action; true when the script has dealt with it (by doing nothing, say). */
  onAction?: (action: ReceivedAction, peer: Peer) => boolean | undefined;
  onConnection?: (peer: Peer, count: number) => void;
}

export interface ScriptedAmi {
  port: number;
  /** Every action received, login and filters included. */
  actions: ReceivedAction[];
  connections: () => number;
  /** Cuts all connections. */
  cut: () => void;
  close: () => Promise<void>;
}

/**
 * A manager interface that does what a script says and, where the script says nothing, logs everybody
 * in and answers everything with success.
 */
export async function startScriptedAmi(script: Script): Promise<ScriptedAmi> {
  const actions: ReceivedAction[] = [];
  const sockets = new Set<net.Socket>();
  let count = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    const peer = makePeer(socket);
    script.onConnection?.(peer, ++count);
    if (script.banner !== null) peer.raw(script.banner ?? 'Asterisk Call Manager/11.0.0\r\n');
    let pending = '';
    socket.setEncoding('utf8').on('data', (text) => {
      const blocks = (pending + text).split('\r\n\r\n');
      pending = blocks.pop()!;
      for (const block of blocks) {
        const action = readAction(block);
        actions.push(action);
        if (!script.onAction?.(action, peer)) answer(action, peer);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    actions,
    connections: () => sockets.size,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function readAction(block: string): ReceivedAction {
  const fields = new Map(
    block.split('\r\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  return {
    name: fields.get('Action') ?? '',
    id: fields.get('ActionID') ?? '',
    field: (name) => fields.get(name),
  };
}

function makePeer(socket: net.Socket): Peer {
  const raw = (bytes: string | Buffer) => {
    socket.write(bytes);
  };
  const send = (...lines: string[]) => raw(`${lines.join('\r\n')}\r\n\r\n`);
  const succeed = (action: ReceivedAction, ...lines: string[]) =>
    send('Response: Success', `ActionID: ${action.id}`, ...lines);
  return {
    socket,
    raw,
    send,
    succeed,
    list: (action, items) => {
      succeed(action, 'EventList: start', 'Message: Result will follow');
      for (const item of items) send(...item, `ActionID: ${action.id}`);
      send(
        'Event: ListComplete',
        `ActionID: ${action.id}`,
        'EventList: Complete',
        `ListItems: ${items.length}`,
      );
    },
  };
}

function answer(action: ReceivedAction, peer: Peer): void {
  peer.succeed(action, action.name === 'Challenge' ? 'Challenge: 123456789' : 'Message: Accepted');
  if (action.name === 'Login') peer.send('Event: FullyBooted', 'Privilege: system,all');
}
