import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { type ContractSite, EventLog, lineEntries } from './contract-site.ts';

const LINE = 'contract-line';

export function lineContract(site: () => ContractSite): void {
  const putLine = async (id: string, maxContacts?: number) => {
    const { pbx } = site();
    for (const type of ['aor', 'endpoint', 'auth'] as const) await pbx.objects.removeObject(type, id);
    expect((await pbx.db.write(lineEntries(id, maxContacts))).failures).toEqual([]);
  };
  const registered = async (line: string) => {
    const phone = await site().phone(line);
    expect(await phone.register()).toBe(true);
    return phone;
  };
  beforeEach(() => putLine(LINE));

  describe('lines', () => {
    test('a line can register as soon as it is written, and no more once it is removed', async () => {
      const { pbx } = site();
      const phone = await registered(LINE);
      expect(await pbx.objects.objectExists('endpoint', LINE)).toBe(true);
      for (const type of ['endpoint', 'auth', 'aor'] as const) {
        expect(await pbx.objects.removeObject(type, LINE)).toBe(true);
        expect(await pbx.objects.removeObject(type, LINE)).toBe(false);
        expect(await pbx.objects.objectExists(type, LINE)).toBe(false);
      }
      expect(await pbx.db.get(`ps_endpoints/endpoint/${LINE}`)).toBeNull();
      expect(await phone.register()).toBe(false);
    });

    test('removing an aor ends its registrations', async () => {
      const { pbx } = site();
      await pbx.objects.settle();
      const log = new EventLog(pbx);
      const phone = await registered(LINE);
      await pbx.objects.removeObject('aor', LINE);
      await log.first('contact', (event) => event.status === 'removed' && event.uri === phone.uri);
      expect(await pbx.contacts.contactsOf(LINE)).toEqual([]);
      expect((await pbx.contacts.registrations()).has(LINE)).toBe(false);
    });

    test('a fence keeps a line out until it is taken down, and is listed', async () => {
      const { pbx } = site();
      await pbx.objects.setMaintenance(LINE, true);
      expect(await pbx.objects.endpointsInMaintenance()).toContain(LINE);
      const phone = await site().phone(LINE);
      expect(await phone.register()).toBe(false);
      await pbx.objects.setMaintenance(LINE, false);
      await pbx.objects.setMaintenance(LINE, false);
      expect(await pbx.objects.endpointsInMaintenance()).not.toContain(LINE);
      expect(await phone.register()).toBe(true);
    });

    test('what does not exist cannot be fenced or tracked', async () => {
      const { pbx } = site();
      const expected = { code: 'pbx-no-such-object', outcome: 'refused' };
      await expect(pbx.objects.setMaintenance('contract-nobody', true)).rejects.toMatchObject(expected);
      await expect(pbx.objects.trackAor('contract-nobody')).rejects.toMatchObject(expected);
      expect(await pbx.calls.endpointState('contract-nobody')).toBeNull();
    });

    test.each(['all', 'ALL', 'a/b', 'a;@b', 'a b', 'a,b', 'a)', '', 'x'.repeat(80), 'a\r\nb', '../x'])(
      'the id %j is refused everywhere',
      async (id) => {
        const { objects, contacts, calls } = site().pbx;
        const expected = { code: 'pbx-invalid-value', outcome: 'not-sent' };
        await expect(objects.setMaintenance(id, true)).rejects.toMatchObject(expected);
        await expect(objects.removeObject('endpoint', id)).rejects.toMatchObject(expected);
        await expect(objects.objectExists('aor', id)).rejects.toMatchObject(expected);
        await expect(objects.trackAor(id)).rejects.toMatchObject(expected);
        await expect(contacts.contactsOf(id)).rejects.toMatchObject(expected);
        await expect(contacts.endContacts(id)).rejects.toMatchObject(expected);
        await expect(calls.endpointState(id)).rejects.toMatchObject(expected);
      },
    );

    test('after a settle a line shows as online while it is registered', async () => {
      const { pbx } = site();
      const settles = await Promise.all([pbx.objects.settle(), pbx.objects.settle(), pbx.objects.settle()]);
      expect(settles.every(({ durationMs }) => durationMs > 0)).toBe(true);
      const log = new EventLog(pbx);
      await registered(LINE);
      await log.first('device-state', ({ endpoint, state }) => endpoint === LINE && state === 'NOT_INUSE');
      expect(await pbx.calls.endpointState(LINE)).toEqual({ state: 'online', channelIds: [] });
      await pbx.contacts.endContacts(LINE);
      await log.first('device-state', ({ endpoint, state }) => endpoint === LINE && state === 'UNAVAILABLE');
      expect(await pbx.calls.endpointState(LINE)).toEqual({ state: 'offline', channelIds: [] });
    });

    test('one new line can be tracked without a settle', async () => {
      const { pbx } = site();
      const fresh = `contract-fresh-${Date.now()}`;
      await putLine(fresh);
      await pbx.objects.trackAor(fresh);
      await registered(fresh);
      await until('online', async () => (await pbx.calls.endpointState(fresh))?.state === 'online');
      for (const type of ['aor', 'endpoint', 'auth'] as const) await pbx.objects.removeObject(type, fresh);
    });
  });

  describe('registrations', () => {
    test('of a line that is not tracked are found and ended, but not told', async () => {
      const { pbx } = site();
      const log = new EventLog(pbx);
      await registered(LINE);
      expect(await pbx.contacts.contactsOf(LINE)).toHaveLength(1);
      expect(await pbx.contacts.endContacts(LINE)).toBe(1);
      await pbx.objects.settle();
      const phone = await registered(LINE);
      await log.first('contact', ({ uri }) => uri === phone.uri);
      expect(log.of('contact').every(({ uri }) => uri === phone.uri)).toBe(true);
    });

    test('of a tracked line are told, are found by line, and end when they are ended', async () => {
      const { pbx } = site();
      await pbx.objects.settle();
      const log = new EventLog(pbx);
      const phones = [await registered(LINE), await registered(LINE)];
      const uris = phones.map(({ uri }) => uri).sort();
      const found = await pbx.contacts.contactsOf(LINE);
      expect(found.map(({ uri }) => uri).sort()).toEqual(uris);
      expect(found[0]).toMatchObject({
        aor: LINE,
        endpoint: LINE,
        status: 'unqualified',
        roundtripMicroseconds: null,
      });
      expect(found[0]?.source).toMatch(/^127\.0\.0\.1:\d+$/);
      expect(found[0]?.expiresAt.getTime()).toBeGreaterThan(Date.now());
      const all = (await pbx.contacts.registrations()).get(LINE);
      expect(all?.map(({ uri }) => uri).sort()).toEqual(uris);
      await log.first(
        'contact',
        (event) => event.aor === LINE && event.uri === uris[1] && event.status !== 'removed',
      );

      expect(await pbx.contacts.endContacts(LINE)).toBe(2);
      expect(await pbx.contacts.contactsOf(LINE)).toEqual([]);
      for (const uri of uris) {
        await log.first('contact', (event) => event.status === 'removed' && event.uri === uri);
      }
      expect(await pbx.contacts.endContacts(LINE)).toBe(0);
      expect(await pbx.contacts.endContacts('contract-nobody')).toBe(0);
      expect(await pbx.contacts.contactsOf('contract-nobody')).toEqual([]);
    });

    test('of one line may be many: all are found and all are ended, and another line keeps its own', async () => {
      const { pbx } = site();
      await putLine(`${LINE}-2`);
      await putLine(LINE, 50);
      await registered(`${LINE}-2`);
      for (let i = 0; i < 30; i++) await registered(LINE);
      expect(await pbx.contacts.contactsOf(LINE)).toHaveLength(30);
      expect(await pbx.contacts.endContacts(LINE)).toBe(30);
      expect(await pbx.contacts.contactsOf(LINE)).toEqual([]);
      expect(await pbx.contacts.contactsOf(`${LINE}-2`)).toHaveLength(1);
    });
  });
}
