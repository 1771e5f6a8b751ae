import { createHash } from 'node:crypto';
import { PbxError } from '../pbx-error.ts';
import type { AmiConnection } from './connection.ts';
import type { AmiField } from './message.ts';

export interface AmiAccount {
  username: string;
  secret: string;
}

/**
 * Signs in by challenge and MD5 response, so that the secret itself never crosses the network, and asks
 * for the named events only.
 *
 * The filters keep Asterisk from sending what nobody here reads: a call makes some 40 events, of which
 * we use four. An Asterisk that refuses filters sends more and works the same.
 */
export async function logIn(
  connection: AmiConnection,
  account: AmiAccount,
  events: readonly string[],
  deadlineMs: number,
): Promise<void> {
  const ask = (action: string, fields: readonly AmiField[]) => connection.ask({ action, fields, deadlineMs });
  const challenged = await ask('Challenge', [['AuthType', 'MD5']]);
  const challenge = challenged.response.get('Challenge');
  if (!challenge) throw new PbxError('pbx-bad-answer', 'Challenge: the answer holds no challenge');
  const key = createHash('md5')
    .update(challenge + account.secret)
    .digest('hex');
  try {
    await ask('Login', [
      ['AuthType', 'MD5'],
      ['Username', account.username],
      ['Key', key],
      ['Events', 'system,call,user'],
    ]);
  } catch (error) {
    throw asLoginError(error as PbxError, account.username);
  }
  await Promise.all(events.map((name) => ask('Filter', includeEvent(name)).catch(ignoreRefusal)));
}

function includeEvent(name: string): AmiField[] {
  return [
    ['Operation', 'Add'],
    ['MatchCriteria', `action(include),name(${name})`],
  ];
}

/** "Authentication failed" is the only answer that trying again soon cannot change. */
function asLoginError(error: PbxError, username: string): PbxError {
  if (error.code !== 'pbx-refused' || !/authentication failed/i.test(error.message)) return error;
  return new PbxError(
    'pbx-login-refused',
    `The PBX refuses the AMI account "${username}": check its name, secret and permitted addresses in manager.conf`,
    { at: 'Login' },
  );
}

function ignoreRefusal(error: PbxError): void {
  if (error.code !== 'pbx-refused') throw error;
}
