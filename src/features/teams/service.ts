import type { Tx } from '../../db/client.ts';
import { lockVersion } from '../../db/versioned.ts';
import { notFound } from '../../domain/errors.ts';
import { displayNameOf } from '../../domain/users/display-name.ts';
import { differing } from '../changes.ts';
import { needEverywhere, record, type TenantWork } from '../tenant-work.ts';

export type NewTeam = { name: string; callerIdGroupId?: string | null };
export type TeamChange = Partial<NewTeam>;
export type Capacity = 'agent' | 'supervisor';

const findTeam = (tx: Tx, tenantId: string, id: string) => tx.team.findFirst({ where: { tenantId, id } });
type TeamRow = NonNullable<Awaited<ReturnType<typeof findTeam>>>;

/** What an administrator enters; members are counted beside it. */
function teamRecord(row: TeamRow) {
  return {
    id: row.id,
    name: row.name,
    callerIdGroupId: row.callerIdGroupId,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

export type TeamBody = ReturnType<typeof teamRecord> & { agents: number; supervisors: number };

async function withCounts({ tx, tenantId }: TenantWork, rows: TeamRow[]): Promise<TeamBody[]> {
  const counts = await tx.teamMember.groupBy({
    by: ['teamId', 'capacity'],
    where: { tenantId, teamId: { in: rows.map(({ id }) => id) } },
    _count: { userId: true },
  });
  const count = (teamId: string, capacity: Capacity) =>
    counts.find((one) => one.teamId === teamId && one.capacity === capacity)?._count.userId ?? 0;
  return rows.map((row) => ({
    ...teamRecord(row),
    agents: count(row.id, 'agent'),
    supervisors: count(row.id, 'supervisor'),
  }));
}

export async function readTeam(work: TenantWork, id: string): Promise<TeamBody> {
  const row = await findTeam(work.tx, work.tenantId, id);
  if (!row) throw notFound('team', id);
  return (await withCounts(work, [row]))[0]!;
}

export async function listTeams(work: TenantWork, after: string | null, take: number): Promise<TeamBody[]> {
  const { tx, tenantId } = work;
  const rows = await tx.team.findMany({
    where: { tenantId, ...(after !== null && { name: { gt: after } }) },
    orderBy: { name: 'asc' },
    take,
  });
  return withCounts(work, rows);
}

/** Teams are made, changed and removed by who may change all users; a supervisor manages the members. */
export async function createTeam(work: TenantWork, input: NewTeam): Promise<TeamBody> {
  needEverywhere(work, 'users:write');
  const { tx, tenantId } = work;
  const row = await tx.team.create({ data: { ...input, tenantId } });
  await record(work, {
    action: 'team.create',
    objectType: 'team',
    objectId: row.id,
    after: teamRecord(row),
  });
  return readTeam(work, row.id);
}

export async function updateTeam(
  work: TenantWork,
  id: string,
  change: TeamChange,
  ifMatch: number | null,
): Promise<TeamBody> {
  needEverywhere(work, 'users:write');
  const { tx } = work;
  await lockVersion(tx, 'teams', id, ifMatch);
  const before = await tx.team.findUniqueOrThrow({ where: { id } });
  const data = differing(before, change);
  if (!data) return readTeam(work, id);
  const after = await tx.team.update({ where: { id }, data });
  await record(work, {
    action: 'team.update',
    objectType: 'team',
    objectId: id,
    before: teamRecord(before),
    after: teamRecord(after),
  });
  return readTeam(work, id);
}

/** Members stay users; what they showed through the team's caller ID group they show no more. */
export async function deleteTeam(work: TenantWork, id: string, ifMatch: number | null): Promise<void> {
  needEverywhere(work, 'users:write');
  const { tx } = work;
  await lockVersion(tx, 'teams', id, ifMatch);
  const row = await tx.team.delete({ where: { id } });
  await record(work, {
    action: 'team.delete',
    objectType: 'team',
    objectId: id,
    before: teamRecord(row),
  });
}

export type MemberBody = {
  userId: string;
  username: string;
  name: string;
  capacities: Capacity[];
};

/** In the order of user ids, so that a page goes on where the one before ended. */
export async function listMembers(
  work: TenantWork,
  teamId: string,
  after: string | null,
  take: number,
): Promise<MemberBody[]> {
  const { tx, tenantId } = work;
  if (!(await findTeam(tx, tenantId, teamId))) throw notFound('team', teamId);
  const users = await tx.user.findMany({
    where: { tenantId, teams: { some: { teamId } }, ...(after !== null && { id: { gt: after } }) },
    select: {
      id: true,
      username: true,
      firstName: true,
      lastName: true,
      callerIdName: true,
      teams: { where: { teamId }, select: { capacity: true }, orderBy: { capacity: 'asc' } },
    },
    orderBy: { id: 'asc' },
    take,
  });
  return users.map((user) => ({
    userId: user.id,
    username: user.username,
    name: displayNameOf(user),
    capacities: user.teams.map(({ capacity }) => capacity as Capacity),
  }));
}

/** Makes these the capacities of a user in a team; none takes the user out of it. */
export async function setMember(
  work: TenantWork,
  teamId: string,
  userId: string,
  capacities: readonly Capacity[],
): Promise<void> {
  const { tx, tenantId } = work;
  // Two who set the same member at once: the second sees what the first did.
  await lockVersion(tx, 'users', userId, null);
  const team = await findTeam(tx, tenantId, teamId);
  if (!team) throw notFound('team', teamId);
  const where = { tenantId, teamId, userId };
  const held = (await tx.teamMember.findMany({ where })).map(({ capacity }) => capacity as Capacity);
  const wanted = [...new Set(capacities)];
  const added = wanted.filter((capacity) => !held.includes(capacity));
  const removed = held.filter((capacity) => !wanted.includes(capacity));
  if (added.length === 0 && removed.length === 0) return;
  await tx.teamMember.deleteMany({ where: { ...where, capacity: { in: removed } } });
  await tx.teamMember.createMany({ data: added.map((capacity) => ({ ...where, capacity })) });
  const memberOf = (list: Capacity[]) => ({ userId, team: team.name, capacities: list.toSorted() });
  await record(work, {
    action: 'team.member',
    objectType: 'team',
    objectId: teamId,
    before: memberOf(held),
    after: memberOf(wanted),
  });
}
