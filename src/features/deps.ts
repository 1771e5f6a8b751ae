import type { Database } from '../db/client.ts';
import type { Pbx } from '../pbx/port.ts';

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
