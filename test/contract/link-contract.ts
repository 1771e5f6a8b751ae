import { describe, expect, test } from 'vitest';
import { type ContractSite, EventLog, lineEntries } from './contract-site.ts';

const LINE = 'contract-survivor';

export function linkContract(site: () => ContractSite): void {
  describe('connection', () => {
    test('tells how the PBX is', async () => {
      const { pbx } = site();
      expect(pbx.link.state).toBe('connected');
      expect(pbx.link.trouble).toBeNull();
      await pbx.link.whenConnected(1_000);
      const health = await pbx.link.health();
      expect(health.version).toMatch(/^22\./);
      expect(Date.now() - health.startedAt.getTime()).toBeLessThan(3_600_000);
      expect(health.uptimeSeconds).toBeGreaterThan(0);
      expect(health.backlog.total).toBeGreaterThanOrEqual(0);
    });

    test('a subscription that was ended hears nothing more', async () => {
      const { pbx, phone } = site();
      await pbx.db.write(lineEntries(LINE));
      await pbx.objects.settle();
      const heard: string[] = [];
      const unsubscribe = pbx.link.subscribe((event) => heard.push(event.type));
      unsubscribe();
      const log = new EventLog(pbx);
      expect(await (await phone(LINE)).register()).toBe(true);
      await log.first('contact', ({ aor }) => aor === LINE);
      expect(heard).toEqual([]);
    });

    test('a restart of the PBX is told as such: entries stay, fences are gone', async () => {
      const { pbx, restart } = site();
      await pbx.db.write(lineEntries(LINE));
      await pbx.objects.setMaintenance(LINE, true);
      const before = await pbx.link.health();
      const log = new EventLog(pbx);
      await restart();
      const back = await log.first('connected', () => true);
      expect(back.restarted).toBe(true);
      expect(back.startedAt.getTime()).toBeGreaterThan(before.startedAt.getTime());
      expect(log.of('disconnected').length).toBeGreaterThan(0);
      expect(log.events.findIndex(({ type }) => type === 'disconnected')).toBeLessThan(
        log.events.indexOf(back),
      );
      expect(pbx.link.state).toBe('connected');
      expect(await pbx.objects.endpointsInMaintenance()).toEqual(new Set());
      expect(await pbx.db.get(`ps_endpoints/endpoint/${LINE}`)).toBe(lineEntries(LINE)[2]![1]);
    });

    test('once closed, nothing works and nothing was sent', async () => {
      const { pbx } = site();
      await pbx.link.close();
      expect(pbx.link.state).toBe('closed');
      const expected = { code: 'pbx-not-connected', outcome: 'not-sent' };
      await expect(pbx.link.whenConnected(60_000)).rejects.toMatchObject(expected);
      await expect(pbx.db.readTree('contract')).rejects.toMatchObject(expected);
      await expect(pbx.objects.setMaintenance(LINE, true)).rejects.toMatchObject(expected);
      await expect(pbx.calls.channels()).rejects.toMatchObject(expected);
      await expect(pbx.objects.removeObject('aor', LINE)).rejects.toMatchObject(expected);
      const report = await pbx.db.write([['contract/a', '1']]);
      expect(report).toMatchObject({ done: 0, failures: [{ path: 'contract/a', error: expected }] });
    });
  });
}
