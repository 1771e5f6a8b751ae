import { isAllowedFrom } from '../domain/users/networks.ts';
import { isConnectionTrouble, PbxError } from '../pbx/pbx-error.ts';
import type { Pbx } from '../pbx/port.ts';
import { setFence } from './fences.ts';
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

const AOR = 'ps_aors/aor/';

/** Removals under way at once: each is one HTTP request of 1 to 5 ms. */
const REMOVALS_AT_ONCE = 8;

/**
 * Carries out a plan, and makes no choices. Throws when the connection is the trouble, for then nobody knows what
 * stands on the node; a refusal of a single entry is reported and the rest goes on.
 */
export async function apply(pbx: Pbx, plan: Plan, options: ApplyOptions): Promise<ApplyReport> {
  const failures = new Map<string, PbxError>();
  await putEntries(pbx, plan, failures, options);
  for (const userId of plan.raisedFences)
    for (const line of options.linesOf(userId)) await setFence(pbx, line, true);
  await removeEntries(pbx, plan, failures, options);
  await removeObjects(pbx, plan, failures);
  await inParallel(plan.endContacts, async (line) => {
    await tolerating(failures, `${AOR}${line}`, () => pbx.contacts.endContacts(line));
  });
  await inParallel(plan.confinedLines, async ({ line, networks }) => {
    await tolerating(failures, `${AOR}${line}`, () => endContactsOutside(pbx, line, networks));
  });
  for (const userId of plan.loweredFences)
    for (const line of options.linesOf(userId)) await setFence(pbx, line, false);
  return { failures };
}

/**
 * A registered phone's URI names the address that its REGISTER came from (`rewrite_contact`). A line has one contact,
 * so that ending all of its contacts ends that one.
 */
async function endContactsOutside(pbx: Pbx, line: string, networks: readonly string[]): Promise<void> {
  const contacts = await pbx.contacts.contactsOf(line);
  if (contacts.some(({ uri }) => !isAllowedFrom(networks, hostOf(uri)))) await pbx.contacts.endContacts(line);
}

/** `sip:k7f3a@192.0.2.7:5061;transport=tcp` → `192.0.2.7`; IPv6 stands in brackets. */
function hostOf(uri: string): string {
  const [, ipv6, host] = /^sips?:(?:[^@]*@)?(?:\[([^\]]*)\]|([^:;?>]*))/.exec(uri) ?? [];
  return ipv6 ?? host ?? '';
}

async function putEntries(
  pbx: Pbx,
  plan: Plan,
  failures: Map<string, PbxError>,
  options: ApplyOptions,
): Promise<void> {
  if (plan.puts.length === 0) return;
  const report = await pbx.db.write(plan.puts, options);
  takeOver(failures, report.failures);
}

async function removeEntries(
  pbx: Pbx,
  plan: Plan,
  failures: Map<string, PbxError>,
  options: ApplyOptions,
): Promise<void> {
  if (plan.removedEntries.length === 0) return;
  const report = await pbx.db.remove(plan.removedEntries, { signal: options.signal });
  takeOver(failures, report.failures);
}

/** Endpoints before auths before aors (the plan's order), each kind several at once. */
async function removeObjects(pbx: Pbx, plan: Plan, failures: Map<string, PbxError>): Promise<void> {
  for (const type of ['endpoint', 'auth', 'aor'] as const) {
    const objects = plan.removedObjects.filter((object) => object.type === type);
    await inParallel(objects, async ({ id }) => {
      const path = `ps_${type}s/${type}/${id}`;
      await tolerating(failures, path, () => pbx.objects.removeObject(type, id));
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
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof PbxError)) throw error;
    takeOver(failures, [{ path, error }]);
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(REMOVALS_AT_ONCE, items.length) }, worker));
}
