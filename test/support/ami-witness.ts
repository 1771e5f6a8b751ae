import { once } from 'node:events';
import Manager from 'asterisk-manager';

interface ManagerEvent {
  event?: string;
  actionid?: string;
  val?: string;
}

/**
 * AstDB seen through somebody else's AMI client, so that a mistake in ours cannot hide itself. That
 * client reports a list's items as events, cuts them at `: ` and trims them: good enough to look.
 */
export class AmiWitness {
  readonly #manager: Manager;
  #count = 0;

  private constructor(manager: Manager) {
    this.#manager = manager;
  }

  static async connect(ami: { host: string; port: number; username: string; secret: string }) {
    const manager = new Manager(ami.port, ami.host, ami.username, ami.secret, true);
    await once(manager, 'fullybooted');
    return new AmiWitness(manager);
  }

  async get(path: string): Promise<string | null> {
    const actionid = `witness-${++this.#count}`;
    return new Promise((resolve) => {
      const take = (event: ManagerEvent) => {
        if (event.event !== 'DBGetResponse' || event.actionid !== actionid) return;
        this.#manager.removeListener('managerevent', take);
        resolve(event.val ?? '');
      };
      this.#manager.on('managerevent', take);
      this.#manager.action({ action: 'DBGet', actionid, ...familyAndKey(path) }, (error) => {
        if (!error) return;
        this.#manager.removeListener('managerevent', take);
        resolve(null);
      });
    });
  }

  async put(path: string, value: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const action = { action: 'DBPut', ...familyAndKey(path), val: value };
      this.#manager.action(action, (error) => (error ? reject(new Error(JSON.stringify(error))) : resolve()));
    });
  }

  close(): void {
    this.#manager.disconnect();
  }
}

/** Divided at the last slash, where our own client divides at the first. */
function familyAndKey(path: string): { family: string; key: string } {
  const slash = path.lastIndexOf('/');
  return { family: path.slice(0, slash), key: path.slice(slash + 1) };
}
