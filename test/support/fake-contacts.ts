import { createHash } from 'node:crypto';
import { checkObjectId } from '../../src/pbx/names.ts';
import type { PbxContact, PbxContactDetail, PbxContacts } from '../../src/pbx/port.ts';
import type { FakeLink } from './fake-link.ts';

/** Who is registered at the fake PBX. */
export class FakeContacts implements PbxContacts {
  readonly #link: FakeLink;
  readonly #contacts = new Map<string, PbxContactDetail>();
  /** Aors that the PBX has looked at since they were written: only of them it tells anything. */
  tracked = new Set<string>();

  constructor(link: FakeLink) {
    this.#link = link;
  }

  async registrations(): Promise<Map<string, PbxContact[]>> {
    await this.#link.before('registrations', '');
    const byAor = new Map<string, PbxContact[]>();
    for (const contact of this.#contacts.values()) {
      byAor.set(contact.aor, [...(byAor.get(contact.aor) ?? []), contact]);
    }
    return byAor;
  }

  async contactsOf(aor: string): Promise<PbxContactDetail[]> {
    checkObjectId(aor);
    await this.#link.before('contactsOf', aor);
    return this.of(aor);
  }

  async endContacts(aor: string): Promise<number> {
    checkObjectId(aor);
    await this.#link.before('endContacts', aor);
    return this.end(aor);
  }

  of(aor: string): PbxContactDetail[] {
    return [...this.#contacts.values()].filter((contact) => contact.aor === aor);
  }

  add(aor: string, uri: string): void {
    const id = `${aor};@${createHash('md5').update(uri).digest('hex')}`;
    this.#contacts.set(id, {
      id,
      aor,
      endpoint: aor,
      uri,
      userAgent: 'fake',
      source: '127.0.0.1:5060',
      expiresAt: new Date(Date.now() + 300_000),
      status: 'unqualified',
      roundtripMicroseconds: null,
    });
    this.#tell(aor, uri, 'unqualified');
    this.#tellDeviceState(aor, 'NOT_INUSE');
  }

  end(aor: string): number {
    const ended = this.of(aor);
    for (const { id, uri } of ended) {
      this.#contacts.delete(id);
      this.#tell(aor, uri, 'removed');
    }
    if (ended.length > 0) this.#tellDeviceState(aor, 'UNAVAILABLE');
    return ended.length;
  }

  /** The aor is gone. */
  forget(aor: string): void {
    this.end(aor);
    this.tracked.delete(aor);
  }

  #tell(aor: string, uri: string, status: 'unqualified' | 'removed'): void {
    if (!this.tracked.has(aor)) return;
    this.#link.emit({ type: 'contact', aor, endpoint: aor, uri, status, roundtripMicroseconds: null });
  }

  #tellDeviceState(line: string, state: string): void {
    if (!this.tracked.has(line)) return;
    this.#link.emit({ type: 'device-state', device: `PJSIP/${line}`, endpoint: line, state });
  }
}
