import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { sharedEntries } from '../../src/domain/dialling/pbx-entries.ts';
import type { CallLimits } from '../../src/domain/pbx/records.ts';
import { connectToAsterisk } from '../../src/pbx/asterisk-adapter.ts';
import type { Pbx } from '../../src/pbx/port.ts';
import { NO_LIMITS, Tenant } from './dialplan-people.ts';
import { phone, type UaPhone } from './phones/ua-phone.ts';
import { DEADLINE_MS, Waiters } from './phones/wait-for.ts';
import type {} from './provided.ts';

export type { Tenant, TestCarrier, User } from './dialplan-people.ts';

export type Report = { name: string; fields: Record<string, string> };

/**
 * The dialplan's side of the PBX without the service: writes into AstDB what the service would write, with the
 * same functions, and hears what the dialplan reports.
 */
export class Dialplan {
  readonly pbx: Pbx;
  readonly reports: Report[] = [];
  readonly #returned = new Set<Report>();
  readonly #waiters = new Waiters();
  readonly #written = new Set<string>();
  readonly #phones: UaPhone[] = [];

  private constructor(pbx: Pbx) {
    this.pbx = pbx;
    pbx.link.subscribe((event) => {
      if (event.type !== 'user-event') return;
      this.reports.push({ name: event.name, fields: event.fields });
      this.#waiters.changed();
    });
  }

  static async open(): Promise<Dialplan> {
    const { ami, ari } = inject('asterisk');
    const pbx = connectToAsterisk({
      ami,
      ari: { baseUrl: ari.url, username: ari.username, password: ari.secret },
      onDefect: (error) => {
        throw error;
      },
    });
    await pbx.link.whenConnected(DEADLINE_MS);
    const dialplan = new Dialplan(pbx);
    // It stays, for the next suite too: 36,000 entries take a second.
    const shared = sharedEntries();
    if ((await pbx.db.get('pb/plan/current')) !== shared.get('pb/plan/current')) await pbx.db.write(shared);
    return dialplan;
  }

  /** Takes away all that was written and registered; the PBX is shared with the next suite. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#phones.map((each) => each.deregister()));
    await this.remove([...this.#written]);
    for (const family of ['pbrun', 'pbbox']) await this.pbx.db.removeTree(family);
    await this.pbx.link.close();
  }

  async write(entries: Iterable<readonly [string, string]>): Promise<void> {
    const all = [...entries];
    for (const [path] of all) this.#written.add(path);
    const { failures } = await this.pbx.db.write(all);
    if (failures[0]) throw failures[0].error;
  }

  async remove(paths: readonly string[]): Promise<void> {
    const { failures } = await this.pbx.db.remove(paths);
    if (failures[0]) throw failures[0].error;
  }

  /** The next report of this name with these fields, also one that has come already; each is returned once. */
  async report(name: string, fields: Record<string, string>): Promise<Report> {
    const fits = (report: Report) =>
      !this.#returned.has(report) &&
      report.name === name &&
      Object.entries(fields).every(([key, value]) => report.fields[key] === value);
    const explain = () =>
      `${name} ${JSON.stringify(fields)}; heard: ${JSON.stringify(this.reports.slice(-5))}`;
    const report = await this.#waiters.until(() => this.reports.find(fits), explain);
    this.#returned.add(report);
    return report;
  }

  async tenant(wishes: {
    country: string;
    defaultNumber?: string;
    limits?: Partial<CallLimits>;
  }): Promise<Tenant> {
    const tenant = new Tenant(this, randomUUID(), wishes.country);
    tenant.defaultNumber = wishes.defaultNumber ?? null;
    tenant.limits = { ...NO_LIMITS, ...wishes.limits };
    if (wishes.defaultNumber) await tenant.owns(wishes.defaultNumber);
    await tenant.save();
    return tenant;
  }

  async openPhone(user: string, password: string, name: string): Promise<UaPhone> {
    const opened = await phone({
      server: inject('asterisk').sip,
      user,
      password,
      name,
      displayName: 'Spoofed',
    });
    const { status } = await opened.register();
    if (status !== 200) throw new Error(`${name} could not register: ${status}`);
    this.#phones.push(opened);
    return opened;
  }
}
