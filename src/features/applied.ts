import { subjectOf } from '../domain/sync/subject.ts';
import type { FeatureDeps } from './deps.ts';

/** `Prefer: wait=<s>`: holds the answer until the users' changes stand on the PBX, or the time is up. */
export async function whenApplied(
  { waitApplied }: Pick<FeatureDeps, 'waitApplied'>,
  { tenant, waitSeconds }: { tenant: { id: string }; waitSeconds: number },
  ...userIds: string[]
): Promise<void> {
  if (waitSeconds === 0) return;
  const subjects = userIds.map((id) => subjectOf('user', id));
  await waitApplied(tenant.id, subjects, waitSeconds);
}
