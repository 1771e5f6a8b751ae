import type { Command } from 'commander';
import QRCode from 'qrcode';
import type { CredentialsAnswer, LineAnswer } from '../answers/people.ts';
import { address } from '../client.ts';
import { refused } from '../failure.ts';
import { findUserId } from '../find.ts';
import type { Act, Listed, Session } from '../session.ts';
import type { Cell } from '../table.ts';
import { localTime } from '../text.ts';

export function credentialCommands(program: Command, act: Act): void {
  const credentials = program.command('credentials').description('What a phone needs to register');

  credentials
    .command('show')
    .description('Show the credentials of a line, the secret included (recorded in the audit log)')
    .argument('<user>', 'username, email, extension or id')
    .argument('[line]', 'its id; may be left out when the user has one line')
    .option('--qr', 'as a QR code, to be read by a phone')
    .action(
      act(async (session, user: string, line: string | undefined, { qr }: { qr?: true }) => {
        const lines = `${session.tenant() + address`/users/${await findUserId(session, user)}`}/lines`;
        const id = line ?? (await onlyLine(session, lines));
        const path = `${lines + address`/${id}`}/credentials`;
        const { body } = await session.client.get<CredentialsAnswer>(path);
        if (qr && body.sipUri === null)
          throw refused('A webphone is not set up by QR code: it takes its credentials as they are.');
        session.output.facts(body, facts(body));
        if (qr) await showQr(session, body.sipUri!);
        session.output.note('This is a secret. That it was shown is in the audit log.');
      }),
    );
}

async function onlyLine({ client }: Session, lines: string): Promise<string> {
  const { items } = (await client.get<Listed<LineAnswer>>(lines)).body;
  if (items.length === 1) return items[0]!.id;
  if (items.length === 0) throw refused('This user has no line. `patchbay lines add` gives one.');
  const named = items.map(({ id, kind, label }) => `  ${id}  ${label ?? kind}`).join('\n');
  throw refused(`This user has several lines. Name one:\n${named}`);
}

/** What the service's own QR pictures hold, drawn here: the secret stays in the terminal. */
async function showQr({ output }: Session, sipUri: string): Promise<void> {
  const drawn = await QRCode.toString(sipUri, { type: 'utf8', errorCorrectionLevel: 'M' });
  output.also((terminal) => terminal.out(`\n${drawn}\n`));
}

function facts(of: CredentialsAnswer): [string, Cell][] {
  const { host, port, transports } = of.server;
  return [
    ['Line', of.lineId],
    ['Kind', of.kind],
    ['Server', `${host}:${port} (${transports.join(', ')})`],
    ...(of.websocketUrl === null ? [] : [['WebSocket', of.websocketUrl] satisfies [string, Cell]]),
    ['Username', of.sipUsername],
    ['Password', of.password],
    ['Realm', of.realm],
    ['Domain', of.domain],
    ['Display name', of.displayName],
    ['Extension', of.extension],
    ['Ends', of.expiresAt && localTime(of.expiresAt)],
  ];
}
