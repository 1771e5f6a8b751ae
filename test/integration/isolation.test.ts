import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tx } from '../../src/db/client.ts';
import { listGroups } from '../../src/features/caller-id-groups/service.ts';
import { listExtensions } from '../../src/features/extensions/service.ts';
import { readForwarding } from '../../src/features/forwarding/service.ts';
import { listKeys } from '../../src/features/keys/service.ts';
import { revealCredentials } from '../../src/features/lines/credentials.ts';
import { createLine, listLines, revokeLine, rotateLine } from '../../src/features/lines/service.ts';
import { listNumbers, readNumber } from '../../src/features/numbers/service.ts';
import { listRoles } from '../../src/features/roles/service.ts';
import { listTeams, setMember } from '../../src/features/teams/service.ts';
import type { TenantWork } from '../../src/features/tenant-work.ts';
import { readTenant } from '../../src/features/tenants/service.ts';
import { listTrunks, readTrunk } from '../../src/features/trunks/service.ts';
import { findUsers } from '../../src/features/users/list.ts';
import { readUser, setUserStatus, updateUser } from '../../src/features/users/service.ts';
import { startService, type TestService } from '../support/service.ts';
import { foundTenant, type TestTenant, type TestUser } from '../support/tenants.ts';

/**
 * Row-level security alone: services are told the victim's tenant, so that their own filters let everything
 * through, but run in a transaction that speaks for another one, or for nobody.
 */
let service: TestService;
let victim: TestTenant;
let stranger: TestTenant;
let user: TestUser;
let number: { id: string };
let trunk: { id: string };
let team: { id: string };

beforeAll(async () => {
  service = await startService({ pbx: 'none' });
  [victim, stranger] = [await foundTenant(service), await foundTenant(service)];
  user = await victim.user({ extension: 'next', phone: 'softphone' });
  number = (await victim.api.post('/numbers', { e164: '+33155508001', userId: user.id })).json;
  trunk = (await victim.api.post('/trunks', { name: 'T', host: 'carrier.example' })).json;
  team = (await victim.api.post('/teams', { name: 'T' })).json;
  await victim.api.post('/caller-id-groups', { name: 'G', numbers: ['+33155508001'] });
  await victim.api.put(`/users/${user.id}/forwarding`, { always: '0612345678' });
});
afterAll(() => service?.stop());

type Door = (work: (tx: Tx) => Promise<unknown>) => Promise<unknown>;
const doors = (): [string, Door][] => {
  const { db } = service.patchbay.deps;
  return [
    ["another tenant's transaction", (work) => db.asTenant(stranger.id, work)],
    ["the platform's transaction", (work) => db.asPlatform(work)],
    ["nobody's transaction", (work) => db.asNobody(work)],
  ];
};

const pretending = (tx: Tx): TenantWork => ({
  tx,
  tenantId: victim.id,
  caller: { actor: { kind: 'system', id: 'x', name: 'x' }, requestId: null, ip: null },
  may: () => true,
  mayEverywhere: () => true,
});

test('nothing of a tenant is seen through another door', async () => {
  const lists: [string, (work: TenantWork) => Promise<unknown[]>][] = [
    ['groups', (work) => listGroups(work, null, 10)],
    ['extensions', (work) => listExtensions(work, { free: false, after: null, take: 10 })],
    ['keys', (work) => listKeys(work, {}, null, 10)],
    ['numbers', (work) => listNumbers(work, {}, null, 10)],
    ['roles', listRoles],
    ['teams', (work) => listTeams(work, null, 10)],
    ['trunks', listTrunks],
    [
      'users',
      async ({ tx, tenantId }) =>
        (await findUsers(tx, tenantId, {}, { sort: 'name', descending: false, after: null, take: 10 })).rows,
    ],
  ];
  const { db } = service.patchbay.deps;
  for (const [what, list] of lists) {
    for (const [through, door] of doors())
      expect([what, through, await door((tx) => list(pretending(tx)))]).toEqual([what, through, []]);
    // The same through the right door finds something, or this test would prove nothing.
    expect([what, await db.asTenant(victim.id, (tx) => list(pretending(tx)))]).not.toEqual([what, []]);
  }
});

test('nothing of a tenant is read, changed or revealed through another door', async () => {
  const { deps } = service.patchbay;
  const line = user.lines[0].id;
  const acts: [string, (work: TenantWork) => Promise<unknown>][] = [
    ['read user', (work) => readUser(work, user.id)],
    ['change user', (work) => updateUser(work, service.patchbay.deps, user.id, { alias: 'x' }, null)],
    ['suspend', (work) => setUserStatus(work, user.id, 'suspended', null)],
    ['list lines', (work) => listLines(work, user.id)],
    ['make line', (work) => createLine(work, deps, user.id, { kind: 'softphone' })],
    ['rotate', (work) => rotateLine(work, deps, user.id, line, null)],
    ['revoke', (work) => revokeLine(work, user.id, line)],
    ['reveal', (work) => revealCredentials(work, deps, user.id, line)],
    ['forwarding', (work) => readForwarding(work, user.id)],
    ['number', (work) => readNumber(work, number.id)],
    ['trunk', (work) => readTrunk(work, trunk.id)],
    ['member', (work) => setMember(work, team.id, user.id, ['agent'])],
  ];
  const before = (await victim.api.get(`/users/${user.id}`)).json;
  for (const [what, act] of acts)
    for (const [through, door] of doors()) {
      const outcome = await door((tx) => act(pretending(tx))).catch((error: { code?: string }) => error.code);
      expect([what, through, outcome]).toEqual([what, through, 'not-found']);
    }
  expect((await victim.api.get(`/users/${user.id}`)).json).toEqual(before);
  const { db } = deps;
  const own = db.asTenant(stranger.id, (tx) => readTenant(tx, victim.id));
  await expect(own).rejects.toMatchObject({ code: 'not-found' });
});

test("a row cannot be written into another tenant, nor refer to another tenant's", async () => {
  const { db } = service.patchbay.deps;
  const smuggle = db.asTenant(stranger.id, (tx) =>
    tx.team.create({ data: { tenantId: victim.id, name: 'Smuggled' } }),
  );
  await expect(smuggle).rejects.toThrow(/row-level security/);
  const refer = db.asTenant(stranger.id, (tx) =>
    tx.phoneNumber.create({ data: { tenantId: stranger.id, e164: '+33155508002', userId: user.id } }),
  );
  await expect(refer).rejects.toMatchObject({ code: 'validation-failed' });
});
