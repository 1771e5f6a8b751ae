import { takeLineIds } from '../../db/spare-lines.ts';
import { lockVersion } from '../../db/versioned.ts';
import { DomainError, notFound } from '../../domain/errors.ts';
import { generateLineId, generateSipSecret, type SipPasswordPolicy } from '../../domain/secrets/generate.ts';
import { secretOwner } from '../../domain/secrets/owner.ts';
import type { FeatureDeps } from '../deps.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import type { TenantRow } from '../tenants/presentation.ts';
import { tenantOf } from '../tenants/service.ts';
import { type LineKind, type LineRow, lineBody } from './presentation.ts';

type Deps = Pick<FeatureDeps, 'seal'>;

export type NewLine = {
  kind: LineKind;
  label?: string | null;
  /** For webphone lines: when it ends, and the API key that it ends with. */
  expiresAt?: Date;
  apiKeyId?: string;
};

/** What rings for a user is one value on the PBX, in which some 50 lines fit; nobody answers 20 phones. */
const MOST_LINES = 20;

/** A line for a user who is there already. Throws `not-found`, and `validation-failed` when there are too many. */
export async function createLine(
  work: TenantWork,
  deps: Deps,
  userId: string,
  input: NewLine,
): Promise<LineRow> {
  await lockVersion(work.tx, 'users', userId, null);
  await refuseTooMany(work, userId);
  return addLine(work, deps, userId, input);
}

/** A line with a secret of its own, from the node's stock as far as that goes; for a user made in this work. */
export async function addLine(
  work: TenantWork,
  { seal }: Deps,
  userId: string,
  input: NewLine,
): Promise<LineRow> {
  const { tx, tenantId } = work;
  const tenant = await tenantOf(work);
  const policy = passwordPolicyFor(input.kind, tenant);
  const id = await lineIdFor(work, tenant, input.kind, policy);
  const row = await tx.line.create({
    data: {
      id,
      tenantId,
      userId,
      kind: input.kind,
      label: input.label ?? null,
      secret: seal(generateSipSecret(policy), secretOwner.line(id)),
      expiresAt: input.expiresAt,
      apiKeyId: input.apiKeyId,
    },
  });
  await record(work, {
    action: 'line.create',
    objectType: 'line',
    objectId: id,
    after: lineBody(row),
  });
  return row;
}

/** Nobody types a webphone's secret. */
function passwordPolicyFor(kind: LineKind, tenant: TenantRow): SipPasswordPolicy {
  return kind === 'webphone' ? 'strong' : (tenant.sipPasswordPolicy as SipPasswordPolicy);
}

/** A phone that can type digits only cannot type the ids that are kept in stock either. */
async function lineIdFor(
  { tx }: TenantWork,
  tenant: TenantRow,
  kind: LineKind,
  policy: SipPasswordPolicy,
): Promise<string> {
  if (policy === 'digits') return generateLineId(true);
  const [id] = await takeLineIds(tx, tenant.nodeId, kind === 'webphone' ? 'webrtc' : 'sip', 1);
  return id!;
}

async function refuseTooMany({ tx, tenantId }: TenantWork, userId: string): Promise<void> {
  const count = await tx.line.count({ where: { tenantId, userId } });
  if (count >= MOST_LINES)
    throw new DomainError(
      'validation-failed',
      `A user has at most ${MOST_LINES} lines. Revoke one that is not used any more first.`,
    );
}

/** Lines that have run out count as gone, though the reconciler may not have removed them yet. */
const alive = () => ({ OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] });

export async function listLines({ tx, tenantId }: TenantWork, userId: string): Promise<LineRow[]> {
  const user = await tx.user.findFirst({ where: { tenantId, id: userId }, select: { id: true } });
  if (!user) throw notFound('user', userId);
  return tx.line.findMany({
    where: { tenantId, userId, ...alive() },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  });
}

export async function readLine(
  { tx, tenantId }: TenantWork,
  userId: string,
  lineId: string,
): Promise<LineRow> {
  const row = await tx.line.findFirst({ where: { tenantId, userId, id: lineId, ...alive() } });
  if (!row) throw notFound('line', lineId);
  return row;
}

/** A new secret: what knows only the old one is refused from now on, and its registration ends. */
export async function rotateLine(
  work: TenantWork,
  { seal }: Deps,
  userId: string,
  lineId: string,
  ifMatch: number | null,
): Promise<LineRow> {
  const { tx } = work;
  await lockVersion(tx, 'lines', lineId, ifMatch);
  const before = await readLine(work, userId, lineId);
  const policy = passwordPolicyFor(before.kind as LineKind, await tenantOf(work));
  const row = await tx.line.update({
    where: { id: lineId },
    data: { secret: seal(generateSipSecret(policy), secretOwner.line(lineId)), rotatedAt: new Date() },
  });
  await record(work, {
    action: 'line.rotate',
    objectType: 'line',
    objectId: lineId,
    before: lineBody(before),
    after: lineBody(row),
  });
  return row;
}

/** The line is gone, and with it its registration; its id is not used again. */
export async function revokeLine(
  work: TenantWork,
  userId: string,
  lineId: string,
  ifMatch: number | null = null,
): Promise<void> {
  const { tx } = work;
  await lockVersion(tx, 'lines', lineId, ifMatch);
  const row = await readLine(work, userId, lineId);
  await tx.line.delete({ where: { id: lineId } });
  await record(work, {
    action: 'line.revoke',
    objectType: 'line',
    objectId: lineId,
    before: lineBody(row),
  });
}

/** Ends the webphone sessions of a user: what was made for a session does not outlive it. */
export async function endWebphoneLines({ tx, tenantId }: TenantWork, userId: string): Promise<void> {
  await tx.line.deleteMany({ where: { tenantId, userId, kind: 'webphone', expiresAt: { not: null } } });
}
