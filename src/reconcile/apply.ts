import { isConnectionTrouble, PbxError } from '../pbx/pbx-error.ts';
import type { Pbx } from '../pbx/port.ts';
import { setFence } from './fences.ts';
import type { NodeState } from './node-state.ts';
import type { Plan } from './plan.ts';

/** What could not be done, by the path that it concerns. Everything else has been done. */
export interface ApplyReport {
  failures: Map<string, PbxError>;
}

export interface ApplyOptions {
  /** How many puts are settled of how many. */
  onProgress?: (settled: number, total: number) => void;
  signal?: AbortSignal;
  /** Lines of a user, for raising and lowering the fence on each. */
  linesOf: (userId: string) => string[];
}

/** Removals under way at once: each is one HTTP request of 1 to 5 ms. */
const REMOVALS_AT_ONCE = 8;

/**
 * Carries out a plan, and keeps the belief about the node in step with what the PBX acknowledged. Makes no
 * choices. Throws when the connection is the trouble, for then the belief is worthless; a refusal of a
 * single entry is reported and the rest goes on.
 */
export async function apply(
  pbx: Pbx,
  plan: Plan,
  state: NodeState,
  options: ApplyOptions,
): Promise<ApplyReport> {
  const failures = new Map<string, PbxError>();
  await putEntries(pbx, plan, state, failures, options);
  for (const userId of plan.raisedFences)
    for (const line of options.linesOf(userId)) await setFence(pbx, line, true);
  await removeEntries(pbx, plan, state, failures, options);
  await removeObjects(pbx, plan, state, failures);
  await inParallel(plan.endContacts, async (line) => {
    await tolerating(failures, `ps_aors/aor/${line}`, () => pbx.contacts.endContacts(line));
  });
  for (const userId of plan.loweredFences)
    for (const line of options.linesOf(userId)) await setFence(pbx, line, false);
  return { failures };
}

async function putEntries(
  pbx: Pbx,
  plan: Plan,
  state: NodeState,
  failures: Map<string, PbxError>,
  options: ApplyOptions,
): Promise<void> {
  if (plan.puts.length === 0) return;
  const report = await pbx.db.write(plan.puts, options);
  takeOver(failures, report.failures);
  for (const [path, value] of plan.puts) if (!failures.has(path)) state.actual.set(path, value);
}

async function removeEntries(
  pbx: Pbx,
  plan: Plan,
  state: NodeState,
  failures: Map<string, PbxError>,
  options: ApplyOptions,
): Promise<void> {
  if (plan.removedEntries.length === 0) return;
  const report = await pbx.db.remove(plan.removedEntries, { signal: options.signal });
  takeOver(failures, report.failures);
  for (const path of plan.removedEntries) if (!failures.has(path)) state.actual.delete(path);
}

/** Endpoints before auths before aors (the plan's order), each kind several at once. */
async function removeObjects(
  pbx: Pbx,
  plan: Plan,
  state: NodeState,
  failures: Map<string, PbxError>,
): Promise<void> {
  for (const type of ['endpoint', 'auth', 'aor'] as const) {
    const objects = plan.removedObjects.filter((object) => object.type === type);
    await inParallel(objects, async ({ id }) => {
      const path = `ps_${type}s/${type}/${id}`;
      const done = await tolerating(failures, path, () => pbx.objects.removeObject(type, id));
      if (done) state.actual.delete(path);
    });
  }
}

function takeOver(failures: Map<string, PbxError>, found: { path: string; error: PbxError }[]): void {
  for (const { path, error } of found) {
    if (isConnectionTrouble(error) || error.outcome === 'unknown') throw error;
    failures.set(path, error);
  }
}

async function tolerating(
  failures: Map<string, PbxError>,
  path: string,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof PbxError)) throw error;
    takeOver(failures, [{ path, error }]);
    return false;
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(REMOVALS_AT_ONCE, items.length) }, worker));
}
