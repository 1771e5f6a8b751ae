import { Counter, Histogram, type Registry } from 'prom-client';
import type { PassReport } from './reconcile/passes.ts';

/** Figures about synchronising: how long passes take, what they write, what had drifted. */
export function syncMetrics(registry: Registry): (node: string, report: PassReport) => void {
  const registers = [registry];
  const seconds = new Histogram({
    name: 'patchbay_sync_pass_seconds',
    help: 'Duration of a pass of the reconciler',
    labelNames: ['node', 'kind'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const entries = new Counter({
    name: 'patchbay_sync_entries_total',
    help: 'Entries written to and removed from the PBX',
    labelNames: ['node', 'act'],
    registers,
  });
  const drifted = new Counter({
    name: 'patchbay_sync_drifted_subjects_total',
    help: 'Subjects found different on the PBX without a change here',
    labelNames: ['node'],
    registers,
  });
  const failed = new Counter({
    name: 'patchbay_sync_failed_subjects_total',
    help: 'Subjects that the PBX did not take',
    labelNames: ['node'],
    registers,
  });
  return (node, report) => {
    seconds.observe({ node, kind: report.kind }, report.milliseconds / 1_000);
    entries.inc({ node, act: 'put' }, report.puts);
    entries.inc({ node, act: 'remove' }, report.removals);
    drifted.inc({ node }, report.drifted);
    failed.inc({ node }, report.failed);
  };
}
