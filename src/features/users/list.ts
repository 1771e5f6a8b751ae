import type { Tx } from '../../db/client.ts';
import { searchedDigits } from '../../domain/numbers/written.ts';
import { readUserRows, type UserRow } from './rows.ts';

/** What users can be sorted by: the key as SQL, and its type for comparing it with a cursor's. */
const SORTS = {
  name: { key: 'u.sort_name', type: 'text' },
  username: { key: 'lower(u.username)', type: 'text' },
  email: { key: 'lower(u.email)', type: 'text' },
  extension: { key: "coalesce(e.number, '')", type: 'text' },
  status: { key: 'u.status', type: 'text' },
  createdAt: { key: 'u.created_at', type: 'timestamptz' },
} as const;

export type UserSort = keyof typeof SORTS;
export const USER_SORTS = Object.keys(SORTS) as UserSort[];

export type UserFilter = {
  search?: string;
  status?: string[];
  /** Has a line of one of these kinds; `none`: has no line at all. */
  phone?: string[];
  teamId?: string[];
  /** Key or id. */
  role?: string[];
  /** Names. */
  tag?: string[];
  /** Names, each with a least level or without: `english:5`. */
  skill?: string[];
  /** Nothing of the user waits for the PBX. */
  inSync?: boolean;
};

/** Where a page ends: the sort key as Postgres writes it (a timestamp to the microsecond), and the id. */
export type UserPosition = { key: string; id: string };

export type UserPage = { rows: (UserRow & { position: UserPosition })[]; total: number };

/**
 * A page of users and how many match in all. Measured with 10,000 users in one tenant: see docs/decisions/… in the
 * README's figures (bench/users.ts).
 */
export async function findUsers(
  tx: Tx,
  tenantId: string,
  filter: UserFilter,
  options: { sort: UserSort; descending: boolean; after: UserPosition | null; take: number },
): Promise<UserPage> {
  const { where, values } = conditions(tenantId, filter);
  const from = `FROM users u LEFT JOIN extensions e ON e.user_id = u.id WHERE ${where}`;
  const counted = await tx.$queryRawUnsafe<{ total: number }[]>(
    `SELECT count(*)::integer AS total ${from}`,
    ...values,
  );
  const { key, type } = SORTS[options.sort];
  const [compare, order] = options.descending ? ['<', 'DESC'] : ['>', 'ASC'];
  const cursor = options.after ? [options.after.key, options.after.id] : [];
  const n = values.length;
  const later = options.after ? `AND (${key}, u.id) ${compare} ($${n + 1}::${type}, $${n + 2}::uuid)` : '';
  const found = await tx.$queryRawUnsafe<UserPosition[]>(
    `SELECT ${key}::text AS key, u.id ${from} ${later}
     ORDER BY ${key} ${order}, u.id ${order} LIMIT $${n + cursor.length + 1}::integer`,
    ...values,
    ...cursor,
    options.take,
  );
  const rows = await readUserRows(
    tx,
    tenantId,
    found.map(({ id }) => id),
  );
  const positions = new Map(found.map((position) => [position.id, position]));
  return {
    rows: rows.map((row) => ({ ...row, position: positions.get(row.id)! })),
    total: counted[0]!.total,
  };
}

/** The filter as SQL. Every text that was sent is a parameter; the statement is made of our own text alone. */
function conditions(tenantId: string, filter: UserFilter): { where: string; values: unknown[] } {
  const values: unknown[] = [tenantId];
  const clauses = ['u.tenant_id = $1::uuid'];
  const parameter = (value: unknown) => `$${values.push(value)}`;

  for (const word of wordsOf(filter.search)) clauses.push(wordCondition(word, parameter));
  if (filter.status) clauses.push(`u.status = ANY (${parameter(filter.status)}::text[])`);
  if (filter.phone) clauses.push(phoneCondition(filter.phone, parameter));
  if (filter.teamId)
    clauses.push(
      `u.id IN (SELECT m.user_id FROM team_members m WHERE m.team_id = ANY (${parameter(filter.teamId)}::uuid[]))`,
    );
  if (filter.role) {
    const roles = parameter(filter.role);
    clauses.push(
      `u.id IN (SELECT ur.user_id FROM user_roles ur JOIN roles r ON r.id = ur.role_id
        WHERE r.builtin = ANY (${roles}::text[]) OR r.id::text = ANY (${roles}::text[]))`,
    );
  }
  if (filter.tag) clauses.push(tagCondition(filter.tag, parameter));
  if (filter.skill) clauses.push(skillCondition(filter.skill, parameter));
  if (filter.inSync !== undefined)
    clauses.push(
      `${filter.inSync ? 'NOT ' : ''}'user:' || u.id IN (SELECT p.subject FROM sync_pending p WHERE p.tenant_id = $1::uuid)`,
    );
  return { where: clauses.join('\n AND '), values };
}

const MOST_WORDS = 6;

/** Every word must be found somewhere: "lovelace ada" finds Ada Lovelace. */
function wordsOf(search = ''): string[] {
  return search.split(/\s+/u).filter(Boolean).slice(0, MOST_WORDS);
}

/** strpos and not LIKE: no wildcard to be escaped, and no slower. Digits are looked for in extensions and numbers too. */
function wordCondition(word: string, parameter: (value: unknown) => string): string {
  const text = `strpos(u.search_text, lower(${parameter(word)}::text)) > 0`;
  const digits = searchedDigits(word);
  if (digits === null) return text;
  const national = parameter(digits);
  return `(${text} OR strpos(e.number, ${parameter(word)}::text) > 0
    OR u.id IN (SELECT n.user_id FROM numbers n WHERE n.tenant_id = $1::uuid AND strpos(n.e164, ${national}::text) > 0)
    OR u.outbound_number_id IN (SELECT n.id FROM numbers n WHERE n.tenant_id = $1::uuid AND strpos(n.e164, ${national}::text) > 0))`;
}

function tagCondition(names: readonly string[], parameter: (value: unknown) => string): string {
  return `u.id IN (SELECT ut.user_id FROM user_tags ut JOIN tags w ON w.id = ut.tag_id
    WHERE w.tenant_id = $1::uuid
      AND lower(w.name) IN (SELECT lower(n) FROM unnest(${parameter(names)}::text[]) n))`;
}

function skillCondition(skills: readonly string[], parameter: (value: unknown) => string): string {
  const wanted = skills.map((skill) => /^(.*?)(?::([1-9]|10))?$/su.exec(skill)!);
  const names = parameter(wanted.map(([, name]) => name));
  const levels = parameter(wanted.map(([, , level]) => Number(level ?? 1)));
  return `u.id IN (SELECT us.user_id FROM user_skills us JOIN skills w ON w.id = us.skill_id
    JOIN unnest(${names}::text[], ${levels}::integer[]) AS n (name, level)
      ON lower(n.name) = lower(w.name) AND us.level >= n.level
    WHERE w.tenant_id = $1::uuid)`;
}

function phoneCondition(phone: readonly string[], parameter: (value: unknown) => string): string {
  const alive = 'l.user_id = u.id AND (l.expires_at IS NULL OR l.expires_at > now())';
  const kinds = phone.filter((kind) => kind !== 'none');
  const has = `EXISTS (SELECT 1 FROM lines l WHERE ${alive} AND l.kind = ANY (${parameter(kinds)}::text[]))`;
  return phone.includes('none') ? `(${has} OR NOT EXISTS (SELECT 1 FROM lines l WHERE ${alive}))` : has;
}
