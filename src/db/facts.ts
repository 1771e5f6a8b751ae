import type { ClientBase, QueryResultRow } from 'pg';
import type {
  CallerIdGroupFacts,
  LineFacts,
  NodeFacts,
  NumberFacts,
  ProfileFacts,
  SpareLineFacts,
  TenantFacts,
  TrunkFacts,
  UserFacts,
} from '../domain/sync/facts.ts';
import { idsByKind } from '../domain/sync/subject.ts';

/**
 * Reads the facts of one node: of every subject, or of those named. The queries are the same;
 * `$2` is null for "all", else the ids. Plain SQL and not Prisma, because 10,000 users with lines
 * and forwards are to be read within a fraction of the 0.3 s that a whole comparison may take.
 */
export async function readFacts(
  client: ClientBase,
  nodeId: string,
  subjects?: readonly string[],
): Promise<NodeFacts> {
  const ids = subjects && idsByKind(subjects);
  const read = async <Row extends QueryResultRow>(
    sql: string,
    wanted: string[] | undefined,
  ): Promise<Row[]> =>
    wanted?.length === 0 ? [] : (await client.query<Row>(sql, [nodeId, wanted ?? null])).rows;
  const tenants = await read<TenantFacts>(TENANTS, ids?.tenant);
  const users = await read<UserFacts>(USERS, ids?.user);
  const lines = await read<LineFacts & { userId: string }>(LINES, ids?.user);
  return {
    tenants,
    users: withLines(users, lines),
    numbers: await read<NumberFacts>(NUMBERS, ids?.number),
    profiles: await read<ProfileFacts>(PROFILES, ids?.profile),
    callerIdGroups: await read<CallerIdGroupFacts>(CALLER_ID_GROUPS, ids?.['callerid-group']),
    trunks: await read<TrunkFacts>(TRUNKS, ids?.trunk),
    spareLines: subjects ? [] : await readSpareLines(client, nodeId),
  };
}

export async function readSpareLines(client: ClientBase, nodeId: string): Promise<SpareLineFacts[]> {
  const { rows } = await client.query<SpareLineFacts>(
    'SELECT id, kind, settled_at IS NOT NULL AS settled FROM spare_lines WHERE node_id = $1',
    [nodeId],
  );
  return rows;
}

function withLines(users: UserFacts[], lines: (LineFacts & { userId: string })[]): UserFacts[] {
  const byUser = new Map<string, LineFacts[]>();
  for (const { userId, ...line } of lines) {
    const list = byUser.get(userId);
    if (list) list.push(line);
    else byUser.set(userId, [line]);
  }
  for (const user of users) user.lines = byUser.get(user.id) ?? [];
  return users;
}

const LIMITS = (alias: string) => `json_build_object('abroadAtOnce', ${alias}.max_calls_abroad,
  'abroadPerHour', ${alias}.max_abroad_per_hour, 'abroadMinutesPerDay', ${alias}.max_abroad_minutes,
  'longestCallSeconds', ${alias}.max_call_seconds) AS limits`;

const TENANTS = `
  SELECT t.id, t.country, t.language, n.e164 AS "defaultNumber", ${LIMITS('t')},
         coalesce((SELECT array_agg(k.id::text ORDER BY k.position, k.id) FROM trunks k WHERE k.tenant_id = t.id), '{}')
           AS "trunkIds"
  FROM tenants t LEFT JOIN numbers n ON n.id = t.default_number_id
  WHERE t.node_id = $1 AND ($2::uuid[] IS NULL OR t.id = ANY ($2))`;

const USERS = `
  SELECT u.id, u.tenant_id AS "tenantId", t.country, u.status = 'active' AS active, e.number AS extension,
         u.sip_alias AS "sipAlias",
         coalesce(u.caller_id_name, concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, ''))) AS "displayName",
         coalesce(u.profile_id, t.default_profile_id) AS "profileId", n.e164 AS "outboundNumber",
         (SELECT team.caller_id_group_id FROM team_members m JOIN teams team ON team.id = m.team_id
          WHERE m.user_id = u.id AND m.capacity = 'agent' AND team.caller_id_group_id IS NOT NULL
          ORDER BY lower(team.name) LIMIT 1) AS "callerIdGroupId",
         u.withhold_number AS "withholdNumber", u.record_calls AS "recordCalls",
         u.allow_outbound AS "allowOutbound", u.allow_transfer AS "allowTransfer",
         u.allow_join_outside AS "allowJoinOutside", ${LIMITS('u')}, u.allowed_networks AS "allowedNetworks",
         CASE WHEN f.user_id IS NULL THEN NULL ELSE json_build_object('always', f.always, 'busy', f.busy,
           'noAnswer', f.no_answer, 'unregistered', f.unregistered, 'noAnswerSeconds', f.no_answer_seconds) END AS forward,
         fence.user_id IS NOT NULL AS fenced
  FROM users u
  JOIN tenants t ON t.id = u.tenant_id
  LEFT JOIN extensions e ON e.user_id = u.id
  LEFT JOIN numbers n ON n.id = u.outbound_number_id
  LEFT JOIN call_forwards f ON f.user_id = u.id
  LEFT JOIN fences fence ON fence.user_id = u.id
  WHERE t.node_id = $1 AND ($2::uuid[] IS NULL OR u.id = ANY ($2))`;

const LINES = `
  SELECT l.id, l.user_id AS "userId", l.kind, l.secret
  FROM lines l JOIN tenants t ON t.id = l.tenant_id
  WHERE t.node_id = $1 AND ($2::uuid[] IS NULL OR l.user_id = ANY ($2))
    AND (l.expires_at IS NULL OR l.expires_at > now())
  ORDER BY l.created_at, l.id`;

const NUMBERS = `
  SELECT n.id, n.tenant_id AS "tenantId", n.e164, n.user_id AS "userId"
  FROM numbers n JOIN tenants t ON t.id = n.tenant_id
  WHERE t.node_id = $1 AND ($2::uuid[] IS NULL OR n.id = ANY ($2))`;

const PROFILES = `
  SELECT p.id, p.tenant_id AS "tenantId", t.country, p.builtin, p.revision,
         coalesce((SELECT json_agg(json_build_object('verdict', r.verdict, 'target', r.target) ORDER BY r.position)
                   FROM dial_rules r WHERE r.profile_id = p.id), '[]') AS rules
  FROM dial_profiles p JOIN tenants t ON t.id = p.tenant_id
  WHERE t.node_id = $1 AND ($2::uuid[] IS NULL OR p.id = ANY ($2))`;

const CALLER_ID_GROUPS = `
  SELECT g.id, g.tenant_id AS "tenantId",
         coalesce((SELECT array_agg(n.e164 ORDER BY m.position) FROM caller_id_group_numbers m
                   JOIN numbers n ON n.id = m.number_id WHERE m.group_id = g.id), '{}') AS numbers
  FROM caller_id_groups g JOIN tenants t ON t.id = g.tenant_id
  WHERE t.node_id = $1 AND ($2::uuid[] IS NULL OR g.id = ANY ($2))`;

const TRUNKS = `
  SELECT k.id, k.tenant_id AS "tenantId", k.host, k.port, k.transport, k.username, k.secret,
         k.number_format AS "numberFormat", k.pass_caller AS "passCaller", k.send_pai AS "sendPai"
  FROM trunks k JOIN tenants t ON t.id = k.tenant_id
  WHERE t.node_id = $1 AND ($2::uuid[] IS NULL OR k.id = ANY ($2))`;
