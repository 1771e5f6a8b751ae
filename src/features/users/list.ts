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
  const { where, values } = conditions(tenantId, await withRoleIds(tx, tenantId, filter));
  // A filter is evaluated once, for the count and for the page. Without one, the count comes from one index and the
  // page from another: 1.5 ms instead of 6.5.
  const once = values.length > 1 ? 'MATERIALIZED' : 'NOT MATERIALIZED';
  const { key, type } = SORTS[options.sort];
  const [compare, order] = options.descending ? ['<', 'DESC'] : ['>', 'ASC'];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const later = options.after
    ? `WHERE (key, id) ${compare} (${parameter(options.after.key)}::${type}, ${parameter(options.after.id)}::uuid)`
    : '';
  const [found] = await tx.$queryRawUnsafe<{ total: number; page: UserPosition[] }[]>(
    `WITH found AS ${once} (
       SELECT u.id, ${key} AS key FROM users u LEFT JOIN extensions e ON e.user_id = u.id WHERE ${where}),
     page AS (
       SELECT key, id FROM found ${later} ORDER BY key ${order}, id ${order} LIMIT ${parameter(options.take)}::integer)
     SELECT (SELECT count(*)::integer FROM found) AS total,
            (SELECT coalesce(json_agg(json_build_object('key', key::text, 'id', id)
                                      ORDER BY page.key ${order}, page.id ${order}), '[]') FROM page) AS page`,
    ...values,
  );
  const { total, page } = found!;
  const rows = await readUserRows(
    tx,
    tenantId,
    page.map(({ id }) => id),
  );
  const positions = new Map(page.map((position) => [position.id, position]));
  return { rows: rows.map((row) => ({ ...row, position: positions.get(row.id)! })), total };
}

/**
 * Roles by id: told their ids, Postgres knows from its statistics how many users have them, and does not look up
 * 10,000 users one by one.
 */
async function withRoleIds(tx: Tx, tenantId: string, filter: UserFilter): Promise<UserFilter> {
  if (!filter.role) return filter;
  const roles = await tx.role.findMany({ where: { tenantId }, select: { id: true, builtin: true } });
  const wanted = new Set(filter.role);
  const named = roles.filter(
    ({ id, builtin }) => wanted.has(id) || (builtin !== null && wanted.has(builtin)),
  );
  return { ...filter, role: named.map(({ id }) => id) };
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
  if (filter.role)
    clauses.push(
      `u.id IN (SELECT ur.user_id FROM user_roles ur WHERE ur.role_id = ANY (${parameter(filter.role)}::uuid[]))`,
    );
  if (filter.tag) clauses.push(tagCondition(filter.tag, parameter));
  if (filter.skill) clauses.push(skillCondition(filter.skill, parameter));
  if (filter.inSync !== undefined)
    clauses.push(
      `u.id ${filter.inSync ? 'NOT ' : ''}IN (SELECT substr(p.subject, 6)::uuid FROM sync_pending p
         WHERE p.tenant_id = $1::uuid AND p.subject LIKE 'user:%')`,
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
