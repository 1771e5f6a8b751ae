import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { answerChallenge } from './phones/digest.ts';
import {
  isResponse,
  parseSipMessage,
  type SipHeader,
  type SipRequest,
  serializeSipMessage,
} from './phones/sip-message.ts';

/** Registers over SIP-WebSocket as a browser's webphone does (RFC 7118), and keeps the socket open. */
export async function registerOverWebSocket(
  url: string,
  line: { id: string; password: string },
): Promise<{ status: number; socket: WebSocket }> {
  const socket = new WebSocket(url, 'sip');
  await once(socket, 'open');
  const host = `${randomBytes(6).toString('hex')}.invalid`;
  const callId = randomBytes(8).toString('hex');
  const uri = 'sip:127.0.0.1';
  let request: SipRequest = {
    method: 'REGISTER',
    uri,
    headers: [
      ['Via', `SIP/2.0/WS ${host};branch=z9hG4bK${randomBytes(6).toString('hex')}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:${line.id}@127.0.0.1>;tag=${callId}`],
      ['To', `<sip:${line.id}@127.0.0.1>`],
      ['Call-ID', callId],
      ['CSeq', '1 REGISTER'],
      ['Contact', `<sip:${line.id}@${host};transport=ws>;expires=300`],
    ],
    body: '',
  };
  for (;;) {
    socket.send(serializeSipMessage(request));
    const [data] = (await once(socket, 'message')) as [Buffer];
    const response = parseSipMessage(data.toString());
    if (!response || !isResponse(response)) throw new Error(`No answer to REGISTER: ${data}`);
    const again = answerChallenge(request, response, { user: line.id, password: line.password });
    if (!again) return { status: response.status, socket };
    const via: SipHeader = ['Via', `SIP/2.0/WS ${host};branch=z9hG4bK${randomBytes(6).toString('hex')}`];
    request = { ...again, headers: [via, ...again.headers] };
  }
}
