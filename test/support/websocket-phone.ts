import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { answerChallenge } from './phones/digest.ts';
import { parseSipMessage, type SipRequest, serializeSipMessage } from './phones/sip-message.ts';

/** Registers over SIP-WebSocket as a browser's webphone does (RFC 7118), and keeps the socket open. */
export async function registerOverWebSocket(
  url: string,
  line: { id: string; password: string },
): Promise<{ status: number; socket: WebSocket }> {
  const socket = new WebSocket(url, 'sip');
  await once(socket, 'open');
  const host = `${randomBytes(6).toString('hex')}.invalid`;
  const callId = randomBytes(8).toString('hex');
  let request: SipRequest = {
    method: 'REGISTER',
    uri: 'sip:127.0.0.1',
    headers: [
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
    const via = `SIP/2.0/WS ${host};branch=z9hG4bK${randomBytes(6).toString('hex')}`;
    socket.send(serializeSipMessage({ ...request, headers: [['Via', via], ...request.headers] }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    const response = parseSipMessage(data.toString());
    if (response?.status === undefined) throw new Error(`No answer to REGISTER: ${data}`);
    const answer = answerChallenge(request, response, { user: line.id, password: line.password });
    if (!answer) return { status: response.status, socket };
    request = answer;
  }
}
