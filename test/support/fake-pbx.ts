import { createHash } from 'node:crypto';
import { encodeAction } from '../../src/pbx/ami/message.ts';
import { runBatch } from '../../src/pbx/batch.ts';
import { checkFamily, checkObjectId, splitPath } from '../../src/pbx/names.ts';
import { PbxError } from '../../src/pbx/pbx-error.ts';
import type { BatchOptions, Pbx, PbxDatabase, PbxObjects } from '../../src/pbx/port.ts';
import { FakeCalls } from './fake-calls.ts';
import { FakeContacts } from './fake-contacts.ts';
import { FakeLink } from './fake-link.ts';

/**
 * A PBX in memory: what callers of the port can see, and no more. It passes the same contract suite as
 * real Asterisk. Tests steer it through the members that the port does not have.
 */
export class FakePbx implements Pbx {
  /** What is stored, by path; tests may change it as a person at the PBX would. */
  readonly entries = new Map<string, string>();
  readonly maintenance = new Set<string>();
  /** How many settles there have been. */
  settled = 0;
  readonly link = new FakeLink();
  readonly contacts = new FakeContacts(this.link);
  readonly calls = new FakeCalls(this.link, (id) => this.#stateOf(id));

  readonly db: PbxDatabase = {
    readTree: async (family) => {
      checkFamily(family);
      await this.link.before('readTree', family);
      return new Map([...this.entries].filter(([path]) => path.startsWith(`${family}/`)));
    },
    get: async (path) => {
      splitPath(path);
      await this.link.before('get', path);
      return this.entries.get(path) ?? null;
    },
    write: (entries, options) => {
      const put = ([path, value]: readonly [string, string]) => this.#put(path, value);
      return runBatch([...entries], 1, ([path]) => path, put, options);
    },
    remove: (paths, options) => this.#remove([...paths], options),
    removeTree: async (family, options) => {
      const tree = await this.db.readTree(family);
      return this.#remove([...tree.keys()], options);
    },
  };

  readonly objects: PbxObjects = {
    removeObject: async (type, id) => {
      checkObjectId(id);
      await this.link.before('removeObject', `${type}/${id}`);
      if (type === 'aor') this.contacts.forget(id);
      return this.entries.delete(objectPath(type, id));
    },
    objectExists: async (type, id) => {
      checkObjectId(id);
      await this.link.before('objectExists', `${type}/${id}`);
      return this.#has(type, id);
    },
    settle: async () => {
      await this.link.before('settle', '');
      this.settled++;
      this.#trackAll();
      return { durationMs: 1 };
    },
    trackAor: async (id) => {
      checkObjectId(id);
      await this.link.before('trackAor', id);
      this.#demand('aor', id);
      this.contacts.tracked.add(id);
    },
    setMaintenance: async (id, on) => {
      checkObjectId(id);
      await this.link.before('setMaintenance', id);
      this.#demand('endpoint', id);
      if (on) this.maintenance.add(id);
      else this.maintenance.delete(id);
    },
    endpointsInMaintenance: async () => {
      await this.link.before('endpointsInMaintenance', '');
      return new Set(this.maintenance);
    },
  };

  /** A phone registers; false when the PBX refuses it. The same URI again is a refresh. */
  register(line: string, uri: string, password: string): boolean {
    if (this.maintenance.has(line) || !this.#has('endpoint', line) || !this.#has('aor', line)) return false;
    const auth = JSON.parse(this.entries.get(objectPath('auth', line)) ?? '{}') as Record<string, string>;
    const digest = createHash('md5').update(`${auth.username}:asterisk:${password}`).digest('hex');
    if (auth.password !== password && auth.password_digest !== `MD5:${digest}`) return false;
    this.contacts.add(line, uri);
    return true;
  }

  /** Ends all calls and fences, and looks at all lines anew; what is stored and who is registered stays. */
  restart(): void {
    this.link.disconnect();
    this.calls.open.clear();
    this.maintenance.clear();
    this.#trackAll();
    this.link.reconnect({ restarted: true });
  }

  async #put(path: string, value: string): Promise<void> {
    const { family, key } = splitPath(path);
    const fields = { Family: family, Key: key, Val: value };
    encodeAction('DBPut', '', Object.entries(fields));
    await this.link.before('write', path);
    this.entries.set(path, value);
  }

  #remove(paths: string[], options?: BatchOptions) {
    const remove = async (path: string) => {
      splitPath(path);
      await this.link.before('remove', path);
      this.entries.delete(path);
    };
    return runBatch(paths, 1, (path) => path, remove, options);
  }

  #has(type: string, id: string): boolean {
    return this.entries.has(objectPath(type, id));
  }

  #demand(type: string, id: string): void {
    if (!this.#has(type, id)) throw new PbxError('pbx-no-such-object', `No ${type} ${id}`, { at: id });
  }

  #stateOf(endpoint: string): 'online' | 'offline' | null {
    if (!this.#has('endpoint', endpoint)) return null;
    const online = this.contacts.tracked.has(endpoint) && this.contacts.of(endpoint).length > 0;
    return online ? 'online' : 'offline';
  }

  #trackAll(): void {
    const prefix = objectPath('aor', '');
    const aors = [...this.entries.keys()].filter((path) => path.startsWith(prefix));
    this.contacts.tracked = new Set(aors.map((path) => path.slice(prefix.length)));
  }
}

/** As in sorcery.conf: `ps_endpoints/endpoint/<id>` and so on. */
function objectPath(type: string, id: string): string {
  return `ps_${type}s/${type}/${id}`;
}
