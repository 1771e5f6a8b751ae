import { lockVersion } from '../../db/versioned.ts';
import { notFound } from '../../domain/errors.ts';
import { dialable } from '../../domain/numbers/written.ts';
import type { FeatureDeps } from '../deps.ts';
import { wrongField } from '../fields.ts';
import { record, type TenantWork } from '../tenant-work.ts';
import { tenantOf } from '../tenants/service.ts';

type Deps = Pick<FeatureDeps, 'isReservedExtension'>;

const TARGETS = ['always', 'busy', 'noAnswer', 'unregistered'] as const;

export type Forwarding = {
  /** An extension or a number as the user would dial it; null: calls are not forwarded then. */
  always: string | null;
  busy: string | null;
  noAnswer: string | null;
  unregistered: string | null;
  noAnswerSeconds: number;
};

const NONE: Forwarding = {
  always: null,
  busy: null,
  noAnswer: null,
  unregistered: null,
  noAnswerSeconds: 20,
};

export async function readForwarding({ tx, tenantId }: TenantWork, userId: string): Promise<Forwarding> {
  const user = await tx.user.findFirst({
    where: { tenantId, id: userId },
    select: { callForward: true },
  });
  if (!user) throw notFound('user', userId);
  if (!user.callForward) return { ...NONE };
  const { always, busy, noAnswer, unregistered, noAnswerSeconds } = user.callForward;
  return { always, busy, noAnswer, unregistered, noAnswerSeconds };
}

/**
 * Changes what is sent. Targets are checked for what can be known now; whether the user may call there is decided
 * by the gate on the PBX for each call, for rights and profiles change after a forward was set.
 */
export async function changeForwarding(
  work: TenantWork,
  deps: Deps,
  userId: string,
  change: Partial<Forwarding>,
): Promise<Forwarding> {
  const { tx, tenantId } = work;
  await lockVersion(tx, 'users', userId, null);
  const before = await readForwarding(work, userId);
  const after = { ...before, ...change };
  for (const name of TARGETS)
    if (after[name] !== before[name] && after[name] !== null)
      after[name] = await checkedTarget(work, deps, userId, after[name], `/${name}`);
  if (JSON.stringify(after) === JSON.stringify(before)) return before;
  await tx.callForward.upsert({
    where: { userId },
    create: { ...after, userId, tenantId },
    update: after,
  });
  await record(work, {
    action: 'forwarding.update',
    objectType: 'forwarding',
    objectId: userId,
    before: { userId, ...before },
    after: { userId, ...after },
  });
  return after;
}

async function checkedTarget(
  work: TenantWork,
  deps: Deps,
  userId: string,
  text: string,
  path: string,
): Promise<string> {
  const target = dialable(text);
  if (target === null) throw wrongField(path, 'Send an extension, or a number as you would dial it.');
  const tenant = await tenantOf(work);
  if (deps.isReservedExtension(tenant.country, target))
    throw wrongField(path, 'Calls cannot be forwarded to an emergency number.');
  if (target.length === tenant.extensionLength) await checkExtension(work, userId, target, path);
  return target;
}

/** A number inside the tenant's ranges is an extension and nothing else, so somebody must have it. */
async function checkExtension(
  { tx, tenantId }: TenantWork,
  userId: string,
  number: string,
  path: string,
): Promise<void> {
  const holder = await tx.extension.findFirst({ where: { tenantId, number }, select: { userId: true } });
  if (holder?.userId === userId) throw wrongField(path, "This is the user's own extension.");
  if (holder) return;
  const value = Number(number);
  const range = await tx.extensionRange.findFirst({
    where: { tenantId, first: { lte: value }, last: { gte: value } },
  });
  if (range) throw wrongField(path, 'Nobody has this extension. Assign it first, or forward elsewhere.');
}
