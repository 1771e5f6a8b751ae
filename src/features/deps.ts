import type { Database } from '../db/client.ts';
import type { NodeFigures } from '../db/sync-reader.ts';
import type { Pbx } from '../pbx/port.ts';
import type { DryRun } from '../reconcile/dry-run.ts';

/** What features are given by the composition root; each takes from it what it needs. */
export interface FeatureDeps {
  db: Database;
  /** Seals a secret for storage; `belongsTo` must be named again to open it (see `secretOwner`). */
  seal: (secret: string, belongsTo: string) => Uint8Array<ArrayBuffer>;
  unseal: (sealed: Uint8Array, belongsTo: string) => string;
  /** The door to a node's PBX; null while this process does not know the node. It may be disconnected: `link.state`. */
  pbxOf: (nodeId: string) => Pbx | null;
  /** True once none of the subjects waits for its PBX any more, false when the time is up first. */
  waitApplied: (tenantId: string, subjects: readonly string[], seconds: number) => Promise<boolean>;
  /** True once the comparison of the node that was asked for is through, false when the time is up first. */
  waitCompared: (nodeId: string, seconds: number) => Promise<boolean>;
  /** What a comparison of the node would find and do now. Rejects with a PbxError. Null: this process does not know the node. */
  dryRun: (nodeId: string) => Promise<DryRun | null>;
  /** Figures of a node, over all its tenants; null: there is no such node. */
  nodeFigures: (nodeId: string) => Promise<NodeFigures | null>;
  /** A deletion was queued here: look whether it can be carried out. */
  deletionQueued: () => void;
  /**
   * Whether a number, as dialled in the country, is an emergency number: such a one is no extension and no
   * target of a forward, for the PBX lets it win over everything.
   */
  isReservedExtension: (country: string, number: string) => boolean;
  /** A node was added, changed or removed here: connect to it now, not at the next look. */
  nodesChanged: () => Promise<void>;
}
