import type { DriftedField, PendingSubject, SyncLead } from '../db/sync-lead.ts';
import type { Subject } from '../domain/sync/subject.ts';
import type { PbxError } from '../pbx/pbx-error.ts';
import type { Pbx } from '../pbx/port.ts';
import { apply } from './apply.ts';
import type { Projection } from './desired.ts';
import { driftOf } from './drift.ts';
import { alignFences, linesRungFor } from './fences.ts';
import { NodeState } from './node-state.ts';
import { type Plan, planOf } from './plan.ts';

/** Our families, read whole for a comparison. */
const FAMILIES = ['pb', 'ps_endpoints', 'ps_auths', 'ps_aors', 'ps_identifies'] as const;

export interface PassReport {
  kind: 'changes' | 'comparison';
  /** Subjects seen: those that waited, or all. */
  subjects: number;
  /** Entries that stand on the node (comparison only). */
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
  const wanted = context.projection.of(await context.lead.facts(names));
  const desired = new Map<string, string>();
  const released: string[] = [];
  const subjectOfPath = new Map<string, string>();
  for (const subject of names) {
    const entries = wanted.get(subject) ?? new Map<string, string>();
    for (const [path, value] of entries) desired.set(path, value);
    for (const path of state.claim(subject, entries.keys())) {
      released.push(path);
      subjectOfPath.set(path, subject);
    }
  }
  const plan = planOf(desired, state.actual, released);
  const failures = await carryOut(context, plan, state);
  const failed = await book(
    context.lead,
    pending,
    failures,
    (path) => state.ownerOf(path) ?? subjectOfPath.get(path),
  );
  return {
    state,
    newAors: plan.newAors,
    report: reportOf('changes', names.length, state, plan, 0, failed, started),
  };
}

/** Reads everything, compares it with the database, records what drifted, and closes the difference. */
export async function comparisonPass(context: PassContext): Promise<PassResult> {
  const started = performance.now();
  const trees = Promise.all(FAMILIES.map((family) => context.pbx.db.readTree(family)));
  // Read before the database, never after: a change that commits in between is then "not there yet", not drift.
  const [actual, { facts, pending }] = [await trees, await context.lead.snapshot()];
  const state = NodeState.ofEntries(merged(actual));
  const desired = new Map<string, string>();
  const wanted = context.projection.ofNode(facts);
  for (const [subject, entries] of wanted) {
    state.claim(subject, entries.keys());
    for (const [path, value] of entries) desired.set(path, value);
  }
  const plan = planOf(desired, state.actual, state.strays());
  const waiting = new Set(pending.map((p) => p.subject));
  const drifted = driftOf(plan, state, waiting);
  const failures = await carryOut(context, plan, state);
  await alignFences(context.pbx, state);
  await recordDrift(context.lead, drifted, facts);
  const failed = await book(context.lead, pending, failures, (path) => state.ownerOf(path));
  return {
    state,
    newAors: plan.newAors,
    report: reportOf('comparison', wanted.size, state, plan, drifted.size, failed, started),
  };
}

function merged(trees: readonly Map<string, string>[]): Map<string, string> {
  const all = new Map<string, string>();
  for (const tree of trees) for (const [path, value] of tree) all.set(path, value);
  return all;
}

async function carryOut(context: PassContext, plan: Plan, state: NodeState): Promise<Map<string, PbxError>> {
  const { failures } = await apply(context.pbx, plan, state, {
    onProgress: context.onProgress,
    signal: context.signal,
    linesOf: (userId) => linesRungFor(state, userId),
  });
  return failures;
}

/** Takes what succeeded off the list and leaves what failed there, with its reason. The number failed. */
async function book(
  lead: SyncLead,
  pending: readonly PendingSubject[],
  failures: ReadonlyMap<string, PbxError>,
  subjectOf: (path: string) => string | undefined,
): Promise<number> {
  const failed = new Map<string, PbxError>();
  for (const [path, error] of failures) {
    const subject = subjectOf(path);
    if (subject) failed.set(subject, error);
  }
  await lead.applied(pending.filter((p) => !failed.has(p.subject)));
  for (const [subject, error] of failed) await lead.failed([subject], error.code, error.message);
  return failed.size;
}

async function recordDrift(
  lead: SyncLead,
  drifted: ReadonlyMap<string, DriftedField[]>,
  facts: { users: { id: string; tenantId: string }[] },
): Promise<void> {
  if (drifted.size === 0) return;
  const tenantOf = new Map(facts.users.map((user) => [`user:${user.id}`, user.tenantId]));
  for (const [subject, fields] of drifted) await lead.drifted(subject, tenantOf.get(subject) ?? null, fields);
}

function reportOf(
  kind: PassReport['kind'],
  subjects: number,
  state: NodeState,
  plan: Plan,
  drifted: number,
  failed: number,
  started: number,
): PassReport {
  return {
    kind,
    subjects,
    entries: state.actual.size,
    puts: plan.puts.length,
    removals: plan.removedEntries.length + plan.removedObjects.length,
    drifted,
    failed,
    milliseconds: performance.now() - started,
  };
}
