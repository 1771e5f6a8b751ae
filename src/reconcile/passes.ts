import type { PendingSubject, SyncLead } from '../db/sync-lead.ts';
import type { NodeFacts } from '../domain/sync/facts.ts';
import type { Subject } from '../domain/sync/subject.ts';
import type { PbxError } from '../pbx/pbx-error.ts';
import type { Pbx } from '../pbx/port.ts';
import { apply } from './apply.ts';
import { compare, type Difference, type Extent, readFound } from './compare.ts';
import { type Projection, type SubjectFacts, subjectsIn } from './desired.ts';
import { driftOf } from './drift.ts';
import { alignFences } from './fences.ts';
import type { NodeState } from './node-state.ts';
import { type Plan, planOf } from './plan.ts';

export interface PassReport {
  kind: 'changes' | 'comparison' | 'whole comparison';
  /** Subjects looked at: those that waited, or all. */
  subjects: number;
  /** Entries found on the node (comparison only). */
  entries: number;
  puts: number;
  removals: number;
  drifted: number;
  failed: number;
  milliseconds: number;
}

export interface PassContext {
  pbx: Pbx;
  lead: SyncLead;
  projection: Projection;
  signal: AbortSignal;
  onProgress?: (settled: number, total: number) => void;
}

export interface PassResult {
  state: NodeState;
  report: PassReport;
  newAors: string[];
}

/** Brings the subjects that wait to the node, comparing each with its own few entries. */
export async function changesPass(
  context: PassContext,
  state: NodeState,
  pending: readonly PendingSubject[],
): Promise<PassResult> {
  const started = performance.now();
  const names = pending.map((p) => p.subject as Subject);
  const wanted = new Map<Subject, SubjectFacts | null>(names.map((name) => [name, null]));
  for (const [subject, facts] of subjectsIn(await context.lead.facts(names), { withPlan: false }))
    wanted.set(subject, facts);
  const { entries: before, taken } = state.entriesOf(wanted, context.projection);
  const differences = differencesBetween(wanted, before, context.projection);
  const plan = planOf(differences);
  const failures = await carryOut(context, plan, (userId) => linesOf(wanted, state, userId));
  for (const subject of taken) state.set(subject, null);
  for (const [subject, facts] of wanted) state.set(subject, facts);
  const failed = await book(context.lead, pending, differences, failures);
  return {
    state,
    newAors: plan.newAors,
    report: reportOf('changes', names.length, 0, plan, 0, failed, started),
  };
}

/** Reads what stands on the node, compares it with the database, records what drifted, and closes the difference. */
export async function comparisonPass(context: PassContext, extent: Extent): Promise<PassResult> {
  const started = performance.now();
  const reading = readFound(context.pbx, extent);
  // The database is asked at the same time: whatever commits meanwhile rings the bell again, and until then counts
  // as waiting or as not changed; both are true.
  const [found, { facts, pending }] = await Promise.all([reading, context.lead.snapshot()]);
  const { state, differences, entries } = compare(facts, context.projection, found);
  const plan = planOf(differences);
  const drifted = driftOf(differences, new Set(pending.map((p) => p.subject)));
  const users = new Map(plan.raisedFences.concat(plan.loweredFences).map((id) => [id, true]));
  const lines = new Map(
    facts.users.filter((u) => users.has(u.id)).map((u) => [u.id, u.lines.map((l) => l.id)]),
  );
  const failures = await carryOut(context, plan, (userId) => lines.get(userId) ?? []);
  await alignFences(context.pbx, facts);
  await recordDrift(context.lead, drifted, facts);
  const failed = await book(context.lead, pending, differences, failures);
  return {
    state,
    newAors: plan.newAors,
    report: reportOf(
      extent === 'whole' ? 'whole comparison' : 'comparison',
      state.subjects,
      entries,
      plan,
      drifted.size,
      failed,
      started,
    ),
  };
}

function differencesBetween(
  wanted: ReadonlyMap<Subject, SubjectFacts | null>,
  before: ReadonlyMap<string, string>,
  projection: Projection,
): Difference[] {
  const differences: Difference[] = [];
  const left = new Map(before);
  for (const [subject, facts] of wanted) {
    if (!facts) continue;
    for (const [path, expected] of projection(facts)) {
      const found = before.get(path) ?? null;
      left.delete(path);
      if (found !== expected) differences.push({ subject, path, expected, found });
    }
  }
  // Whose it was does not matter any more: a removal that fails makes the next look a comparison.
  for (const [path, found] of left) differences.push({ subject: 'stray', path, expected: null, found });
  return differences;
}

function linesOf(
  wanted: ReadonlyMap<Subject, SubjectFacts | null>,
  state: NodeState,
  userId: string,
): string[] {
  const facts = wanted.get(`user:${userId}`) ?? state.get(`user:${userId}`);
  return facts?.kind === 'user' ? facts.facts.lines.map((line) => line.id) : [];
}

async function carryOut(
  context: PassContext,
  plan: Plan,
  lines: (userId: string) => string[],
): Promise<Map<string, PbxError>> {
  const { pbx, onProgress, signal } = context;
  const { failures } = await apply(pbx, plan, { onProgress, signal, linesOf: lines });
  return failures;
}

/** Takes what succeeded off the list and leaves what failed there, with its reason. The number failed. */
async function book(
  lead: SyncLead,
  pending: readonly PendingSubject[],
  differences: readonly Difference[],
  failures: ReadonlyMap<string, PbxError>,
): Promise<number> {
  const failed = new Map<Subject, PbxError>();
  if (failures.size > 0)
    for (const { path, subject } of differences) {
      const error = failures.get(path);
      if (error) failed.set(subject, error);
    }
  await lead.applied(pending.filter((p) => !failed.has(p.subject as Subject)));
  for (const [subject, error] of failed) await lead.failed(subject, error.code, error.message);
  return failed.size;
}

async function recordDrift(
  lead: SyncLead,
  drifted: ReturnType<typeof driftOf>,
  facts: NodeFacts,
): Promise<void> {
  if (drifted.size === 0) return;
  const tenants = new Map<string, string | null>();
  for (const [subject, subjectFacts] of subjectsIn(facts, { withPlan: false }))
    if (drifted.has(subject)) tenants.set(subject, tenantOf(subjectFacts));
  await lead.drifted(
    [...drifted].map(([subject, fields]) => ({ subject, tenantId: tenants.get(subject) ?? null, fields })),
  );
}

/** Null: it is nobody's, but the node's. */
function tenantOf(subject: SubjectFacts): string | null {
  if (subject.kind === 'plan' || subject.kind === 'spare') return null;
  return subject.kind === 'tenant' ? subject.facts.id : subject.facts.tenantId;
}

function reportOf(
  kind: PassReport['kind'],
  subjects: number,
  entries: number,
  plan: Plan,
  drifted: number,
  failed: number,
  started: number,
): PassReport {
  return {
    kind,
    subjects,
    entries,
    puts: plan.puts.length,
    removals: plan.removedEntries.length + plan.removedObjects.length,
    drifted,
    failed,
    milliseconds: performance.now() - started,
  };
}
