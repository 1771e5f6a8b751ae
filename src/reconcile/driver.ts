import type { NodeConnection } from '../db/nodes.ts';
import type { Pbx } from '../pbx/port.ts';
import { NodeReconciler, type NodeReconcilerOptions, type ReconcilerLog } from './node-reconciler.ts';

export interface DriverOptions {
  readNodes: () => Promise<NodeConnection[]>;
  connect: (node: NodeConnection) => Pbx;
  takeLead: (
    nodeId: string,
    onWake: () => void,
    onLost: () => void,
  ) => ReturnType<NodeReconcilerOptions['takeLead']>;
  projection: NodeReconcilerOptions['projection'];
  compareEvery: number;
  askForLeadEvery: number;
  /** Milliseconds between two looks at which nodes there are. */
  readNodesEvery: number;
  log: ReconcilerLog;
  onPass?: (node: string, report: Parameters<NonNullable<NodeReconcilerOptions['onPass']>>[0]) => void;
}

interface Running {
  version: number;
  pbx: Pbx;
  stop: AbortController;
  done: Promise<void>;
}

/** Runs one reconciler for each PBX node, and follows nodes that are added, changed or removed. */
export class Driver {
  readonly #options: DriverOptions;
  readonly #running = new Map<string, Running>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** Resolves when the nodes that there are have been started. */
  async start(): Promise<void> {
    await this.refresh();
    this.#timer = setInterval(() => void this.refresh().catch(() => undefined), this.#options.readNodesEvery);
    this.#timer.unref();
  }

  /** The door to a node's PBX; null for a node that is not known here (yet). */
  pbxOf(nodeId: string): Pbx | null {
    return this.#running.get(nodeId)?.pbx ?? null;
  }

  pbxs(): Pbx[] {
    return [...this.#running.values()].map((running) => running.pbx);
  }

  /** Looks which nodes there are now: at once after a change made here, by the clock after one made elsewhere. */
  refresh(): Promise<void> {
    this.#looking = this.#looking.then(
      () => this.#look(),
      () => this.#look(),
    );
    return this.#looking;
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#looking.catch(() => undefined);
    await Promise.all([...this.#running.keys()].map((id) => this.#end(id)));
  }

  async #look(): Promise<void> {
    const nodes = await this.#options.readNodes();
    const byId = new Map(nodes.map((node) => [node.id, node]));
    for (const [id, running] of this.#running)
      if (byId.get(id)?.version !== running.version) await this.#end(id);
    for (const node of nodes) if (!this.#running.has(node.id)) this.#begin(node);
  }

  #begin(node: NodeConnection): void {
    const { connect, takeLead, projection, compareEvery, askForLeadEvery, log, onPass } = this.#options;
    const pbx = connect(node);
    const stop = new AbortController();
    const reconciler = new NodeReconciler({
      node: { id: node.id, name: node.name },
      stock: { sip: node.spareSip, webrtc: node.spareWebrtc },
      pbx,
      projection,
      takeLead: (onWake, onLost) => takeLead(node.id, onWake, onLost),
      compareEvery,
      askForLeadEvery,
      log,
      onPass: onPass && ((report) => onPass(node.name, report)),
    });
    const done = reconciler.run(stop.signal);
    this.#running.set(node.id, { version: node.version, pbx, stop, done });
  }

  async #end(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (!running) return;
    this.#running.delete(id);
    running.stop.abort();
    await running.done;
    await running.pbx.link.close();
  }
}
