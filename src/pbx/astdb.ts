import type { AmiClient } from './ami/client.ts';
import { runBatch } from './batch.ts';
import { checkFamily, splitPath } from './names.ts';
import { PbxError } from './pbx-error.ts';
import type { BatchOptions, BatchReport, PbxDatabase, PbxPath } from './port.ts';

/** A tree of 50,000 entries takes Asterisk a quarter of a second; what is this late is lost. */
const TREE_DEADLINE_MS = 30_000;

/** The entries of AstDB through AMI's DBPut, DBGet, DBGetTree and DBDel (main/db.c). */
export class AstDb implements PbxDatabase {
  readonly #ami: AmiClient;
  readonly #window: number;

  constructor(ami: AmiClient, window: number) {
    this.#ami = ami;
    this.#window = window;
  }

  /**
   * Asterisk selects by LIKE, where case does not matter and `_` stands for any character, so the answer
   * may hold entries of `PS-ENDPOINTS` too: what was not asked for is left out here.
   */
  async readTree(family: string): Promise<Map<PbxPath, string>> {
    checkFamily(family);
    const { items } = await this.#ami.ask('DBGetTree', [['Family', family]], TREE_DEADLINE_MS);
    const prefix = `/${family}/`;
    const entries = new Map<PbxPath, string>();
    for (const item of items) {
      const key = item.get('Key');
      if (key?.startsWith(prefix)) entries.set(key.slice(1), item.get('Val') ?? '');
    }
    return entries;
  }

  async get(path: PbxPath): Promise<string | null> {
    try {
      const { items } = await this.#ami.ask('DBGet', fieldsOf(path));
      return items[0]?.get('Val') ?? null;
    } catch (error) {
      if (error instanceof PbxError && error.code === 'pbx-refused' && /not found/.test(error.message)) {
        return null;
      }
      throw error;
    }
  }

  write(entries: Iterable<readonly [PbxPath, string]>, options?: BatchOptions): Promise<BatchReport> {
    const put = async ([path, value]: readonly [PbxPath, string]) => {
      await this.#ami.ask('DBPut', [...fieldsOf(path), ['Val', value]]);
    };
    return runBatch([...entries], this.#window, ([path]) => path, put, options);
  }

  remove(paths: Iterable<PbxPath>, options?: BatchOptions): Promise<BatchReport> {
    const remove = async (path: PbxPath) => {
      try {
        await this.#ami.ask('DBDel', fieldsOf(path));
      } catch (error) {
        // Asterisk refuses in the same words when the entry is missing and when its database fails.
        const gone =
          error instanceof PbxError && error.code === 'pbx-refused' && (await this.get(path)) === null;
        if (!gone) throw error;
      }
    };
    return runBatch([...paths], this.#window, (path) => path, remove, options);
  }

  /** Not by DBDelTree: its LIKE would take the families that only resemble this one as well. */
  async removeTree(family: string, options?: BatchOptions): Promise<BatchReport> {
    const entries = await this.readTree(family);
    return this.remove(entries.keys(), options);
  }
}

function fieldsOf(path: PbxPath): [string, string][] {
  const { family, key } = splitPath(path);
  return [
    ['Family', family],
    ['Key', key],
  ];
}
