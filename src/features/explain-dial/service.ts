import { seeingWholeTenant } from '../../db/client.ts';
import type { DialPath } from '../../domain/dialling/decide.ts';
import { notFound } from '../../domain/errors.ts';
import type { CallLimits } from '../../domain/pbx/records.ts';
import { dialProfileOf } from '../dial-profiles/service.ts';
import { limitsBody } from '../fields.ts';
import { USER_REF, type UserRef, userRef } from '../shared-schemas.ts';
import type { TenantWork } from '../tenant-work.ts';
import { type Dialler, type Directory, type Passage, passThroughGate } from './gate.ts';

export interface Explained {
  passage: Passage<UserRef>;
  profile: { id: string; name: string } | null;
  callerId: { from: 'team' | 'user' | 'tenant'; numbers: string[]; withheld: boolean } | null;
  limits: { user: CallLimits; tenant: CallLimits };
}

type UserRow = NonNullable<Awaited<ReturnType<TenantWork['tx']['user']['findFirst']>>>;

/** May this user dial this, and why? As the PBX will answer once all changes have reached it. */
export async function explainDial(
  work: TenantWork,
  userId: string,
  asked: string,
  path: DialPath,
): Promise<Explained> {
  const user = await work.tx.user.findFirst({ where: { tenantId: work.tenantId, id: userId } });
  if (!user) throw notFound('user', userId);
  // The user may be of the caller's teams while the one who is dialled is not; the PBX asks nobody's team.
  return seeingWholeTenant(work.tx, () => explainFor(work, user, asked, path));
}

async function explainFor(
  work: TenantWork,
  user: UserRow,
  asked: string,
  path: DialPath,
): Promise<Explained> {
  const { tx, tenantId } = work;
  // One after the other: relations that Prisma includes would be asked for at the same time on one connection.
  const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
  const profile = await profileWithRules(work, user.profileId ?? tenant.defaultProfileId);
  const shown = await numbersToShow(work, user.id, [user.outboundNumberId, tenant.defaultNumberId]);
  const fences = await tx.fence.count({ where: { tenantId, userId: user.id } });
  const dialler: Dialler = {
    country: tenant.country,
    profile: profile && dialProfileOf(profile),
    active: user.status === 'active',
    fenced: fences > 0,
    allowOutbound: user.allowOutbound,
    allowTransfer: user.allowTransfer,
    shown,
  };
  const passage = await passThroughGate(dialler, asked, path, directoryOf(work));
  const from = shown[0]?.from;
  return {
    passage,
    profile: profile && { id: profile.id, name: profile.name },
    callerId:
      from === undefined
        ? null
        : {
            from,
            numbers: shown.filter((each) => each.from === from).map(({ number }) => number),
            withheld: user.withholdNumber && passage.route !== 'emergency',
          },
    limits: { user: limitsBody(user), tenant: limitsBody(tenant) },
  };
}

function profileWithRules({ tx, tenantId }: TenantWork, id: string | null) {
  return id === null
    ? null
    : tx.dialProfile.findFirst({
        where: { tenantId, id },
        include: { rules: { orderBy: { position: 'asc' } } },
      });
}

/** As src/db/facts.ts tells the PBX: the group of the first team that has one, the user's number, the tenant's. */
async function numbersToShow(
  { tx, tenantId }: TenantWork,
  userId: string,
  [own, fallback]: [string | null, string | null],
): Promise<Dialler['shown']> {
  const group = await tx.$queryRaw<{ e164: string }[]>`
    SELECT n.e164 FROM caller_id_group_numbers g JOIN numbers n ON n.id = g.number_id
    WHERE g.tenant_id = ${tenantId}::uuid AND g.group_id = (
      SELECT team.caller_id_group_id FROM team_members m JOIN teams team ON team.id = m.team_id
      WHERE m.tenant_id = ${tenantId}::uuid AND m.user_id = ${userId}::uuid AND m.capacity = 'agent'
        AND team.caller_id_group_id IS NOT NULL
      ORDER BY lower(team.name) LIMIT 1)
    ORDER BY g.position`;
  const numbers = await tx.phoneNumber.findMany({
    where: { tenantId, id: { in: [own, fallback].filter((id) => id !== null) } },
  });
  const numberOf = (id: string | null, from: 'user' | 'tenant') =>
    numbers.filter((row) => row.id === id).map(({ e164 }) => ({ number: e164, from }));
  return [
    ...group.map(({ e164 }) => ({ number: e164, from: 'team' as const })),
    ...numberOf(own, 'user'),
    ...numberOf(fallback, 'tenant'),
  ];
}

function directoryOf({ tx, tenantId }: TenantWork): Directory<UserRef> {
  // Who is suspended or pending has no entries on the PBX, and so cannot be found there either.
  const active = { tenantId, status: 'active' };
  const refOf = (row: Parameters<typeof userRef>[0] | null | undefined) => (row ? userRef(row) : null);
  return {
    byExtension: async (number) =>
      refOf(
        await tx.user.findFirst({ where: { ...active, extension: { is: { number } } }, select: USER_REF }),
      ),
    byAlias: async (sipAlias) =>
      refOf(await tx.user.findFirst({ where: { ...active, sipAlias }, select: USER_REF })),
    byNumber: async (e164) => {
      const row = await tx.phoneNumber.findFirst({
        where: { tenantId, e164 },
        include: { rings: { select: USER_REF } },
      });
      return row ? refOf(row.rings) : undefined;
    },
  };
}
