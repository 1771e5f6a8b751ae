import type { AmiClient } from './ami/client.ts';
import type { AriClient } from './ari/client.ts';
import { orNull } from './calls.ts';
import type { Contacts } from './contacts.ts';
import { checkObjectId } from './names.ts';
import { PbxError } from './pbx-error.ts';
import type { PbxObjects, PbxObjectType } from './port.ts';

/** A settle takes 6 s with 20,000 lines; more than a minute with 50,000, which is more than one PBX is for. */
const SETTLE_DEADLINE_MS = 120_000;

/** PJSIP's objects, tracking and fences: ARI for what has a call there, AMI for the rest. */
export class Objects implements PbxObjects {
  readonly #ami: AmiClient;
  readonly #ari: AriClient;
  readonly #contacts: Contacts;
  #running: Promise<unknown> | null = null;
  #next: Promise<{ durationMs: number }> | null = null;

  constructor(ami: AmiClient, ari: AriClient, contacts: Contacts) {
    this.#ami = ami;
    this.#ari = ari;
    this.#contacts = contacts;
  }

  /**
   * ARI's DELETE works for entries written by DBPut too, and takes an aor's contacts along, which DBDel
   * does not. But it does so behind its answer and tells nobody, so they are ended before, and what
   * registers in between is left to Asterisk.
   */
  async removeObject(type: PbxObjectType, id: string): Promise<boolean> {
    const path = objectPath(type, id);
    if (type === 'aor') await this.#contacts.endContacts(id);
    return (await orNull(this.#ari.call('DELETE', { path }).then(() => true))) ?? false;
  }

  async objectExists(type: PbxObjectType, id: string): Promise<boolean> {
    const path = objectPath(type, id);
    return (await orNull(this.#ari.call('GET', { path }).then(() => true))) ?? false;
  }

  /**
   * A reload of res_pjsip through ARI, whose answer comes when it is through and which does not hold up
   * the AMI connection meanwhile. Asterisk refuses a second one at the same time, so there is one at
   * most, and a caller never shares one that began before it asked.
   */
  settle(): Promise<{ durationMs: number }> {
    if (this.#next) return this.#next;
    if (!this.#running) return this.#begin();
    this.#next = this.#running
      .catch(() => {})
      .then(() => {
        this.#next = null;
        return this.#begin();
      });
    return this.#next;
  }

  /** CLI, because no action does it: `cli_reload_qualify_aor` in res/res_pjsip/pjsip_options.c. */
  async trackAor(id: string): Promise<void> {
    checkObjectId(id);
    await this.#asNoSuchObject(this.#ami.ask('Command', [['Command', `pjsip reload qualify aor ${id}`]]));
  }

  async setMaintenance(endpointId: string, on: boolean): Promise<void> {
    checkObjectId(endpointId);
    await this.#asNoSuchObject(
      this.#ami.ask('PJSIPSetMaintenance', [
        ['Endpoint', endpointId],
        ['State', on ? 'on' : 'off'],
      ]),
    );
  }

  async endpointsInMaintenance(): Promise<Set<string>> {
    const { items } = await this.#ami.ask('PJSIPShowMaintenance', []);
    return new Set(items.map((item) => item.get('Endpoint') ?? '').filter((id) => id !== ''));
  }

  #begin(): Promise<{ durationMs: number }> {
    const settling = this.#reload().finally(() => {
      if (this.#running === settling) this.#running = null;
    });
    this.#running = settling;
    return settling;
  }

  async #reload(): Promise<{ durationMs: number }> {
    const begin = performance.now();
    await this.#ari.call('PUT', {
      path: '/asterisk/modules/res_pjsip.so',
      deadlineMs: SETTLE_DEADLINE_MS,
    });
    return { durationMs: performance.now() - begin };
  }

  /** AMI has no code for it, only words. */
  async #asNoSuchObject(answer: Promise<unknown>): Promise<void> {
    try {
      await answer;
    } catch (error) {
      if (
        error instanceof PbxError &&
        error.code === 'pbx-refused' &&
        /not found|unable to retrieve/i.test(error.message)
      ) {
        throw new PbxError('pbx-no-such-object', error.message, { at: error.at, cause: error });
      }
      throw error;
    }
  }
}

function objectPath(type: PbxObjectType, id: string): string {
  checkObjectId(id);
  return `/asterisk/config/dynamic/res_pjsip/${type}/${id}`;
}
