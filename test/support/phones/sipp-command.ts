import { REFUSALS, type RefusalStatus } from './answer-plan.ts';
import { newToken } from './sip-agent.ts';
import { type SipHeader, type SipMessage, serializeSipMessage } from './sip-message.ts';

/** What the scenario in sipp-scenario.ts can be told to do. */
export type PhoneCommand =
  | 'READY'
  | 'ASK'
  | 'REGISTRATION'
  | 'DIAL'
  | 'RING'
  | 'ANSWER'
  | 'HANGUP'
  | `REFUSE${RefusalStatus}`;

const COMMANDS = new Set<string>([
  ...['READY', 'ASK', 'REGISTRATION', 'DIAL', 'RING', 'ANSWER', 'HANGUP'],
  ...Object.keys(REFUSALS).map((status) => `REFUSE${status}`),
]);

/** The datagram that tells sipp: a request with the command as its method. */
export function formatCommand(command: PhoneCommand, headers: SipHeader[]): string {
  const own: SipHeader[] = [
    ['Via', `SIP/2.0/UDP localhost;branch=z9hG4bK${newToken()}`],
    ['From', '<sip:test@localhost>;tag=test'],
    ['To', '<sip:phone@localhost>'],
    ['CSeq', `1 ${command}`],
  ];
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const missing = own.filter(([name]) => !given.has(name.toLowerCase()));
  return serializeSipMessage({
    method: command,
    uri: 'sip:phone',
    headers: [...headers, ...missing],
    body: '',
  });
}

export function isCommand(message: SipMessage): boolean {
  return COMMANDS.has(message.method ?? '');
}
