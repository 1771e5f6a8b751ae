import type { ProfileAnswer } from './answers/dialling.ts';
import type { NodeAnswer } from './answers/operations.ts';
import type { NumberAnswer, UserAnswer } from './answers/people.ts';
import { address } from './client.ts';
import { refused } from './failure.ts';
import { readAll, type Session } from './session.ts';

/** People name things by what they know; the API's addresses take ids. These find the one from the other. */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By id, username, email or extension, in this order, so that a username of digits is that user. */
export async function findUser(session: Session, name: string): Promise<UserAnswer> {
  const users = `${session.tenant()}/users`;
  if (UUID.test(name)) return (await session.client.get<UserAnswer>(users + address`/${name}`)).body;
  const { items } = await readAll<UserAnswer>(session, users, { search: name });
  for (const field of ['username', 'email', 'extension'] as const) {
    const found = items.filter((user) => sameText(user[field], name));
    if (found.length === 1) return found[0]!;
    if (found.length > 1) throw several('users', name);
  }
  throw refused(
    `There is no user "${name}" here. Name one by username, email, extension or id (\`users list\`).`,
  );
}

/** An id as it stands; only another name costs a request. */
export async function findUserId(session: Session, name: string): Promise<string> {
  return UUID.test(name) ? name : (await findUser(session, name)).id;
}

/** By id or in E.164, with or without the plus. */
export async function findNumber(session: Session, name: string): Promise<NumberAnswer> {
  const numbers = `${session.tenant()}/numbers`;
  if (UUID.test(name)) return (await session.client.get<NumberAnswer>(numbers + address`/${name}`)).body;
  const digits = name.replace(/[^0-9]/g, '');
  const { items } = await readAll<NumberAnswer>(session, numbers, { search: digits });
  const found = items.find(({ e164 }) => e164 === `+${digits}`);
  if (found) return found;
  throw refused(`There is no number "${name}" here. Name one in full, like +33155501001 (\`numbers list\`).`);
}

/** By id, name, or the word of a built-in one. */
export async function findProfile(session: Session, name: string): Promise<ProfileAnswer> {
  const profiles = `${session.tenant()}/dial-profiles`;
  if (UUID.test(name)) return (await session.client.get<ProfileAnswer>(profiles + address`/${name}`)).body;
  const { items } = await readAll<ProfileAnswer>(session, profiles, {});
  const found =
    items.find((profile) => sameText(profile.name, name)) ?? items.find(({ builtin }) => builtin === name);
  if (found) return found;
  throw refused(`There is no dial profile "${name}" here (\`profiles list\`).`);
}

/** By id or name; the only one when none is named. */
export async function findNode(session: Session, name: string | undefined): Promise<NodeAnswer> {
  const { items } = (await session.client.get<{ items: NodeAnswer[] }>('/nodes')).body;
  if (name === undefined && items.length === 1) return items[0]!;
  if (name === undefined)
    throw refused(
      items.length === 0 ? 'There is no PBX node.' : 'There are several nodes: name one (`nodes list`).',
    );
  const found = items.find((node) => node.id === name || node.name === name);
  if (found) return found;
  throw refused(`There is no node "${name}" (\`nodes list\`).`);
}

function sameText(one: string | null, other: string): boolean {
  return one !== null && one.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase();
}

function several(what: string, name: string): Error {
  return refused(`Several ${what} are called "${name}". Name the one by its id.`);
}
