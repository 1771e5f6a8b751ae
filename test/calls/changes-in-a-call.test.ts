import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tx } from '../../src/db/client.ts';
import { secretOwner } from '../../src/domain/secrets/owner.ts';
import { enterTenant } from '../support/people.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { type RegisteredUser, registeredUsers } from '../support/registered.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let tenant: { id: string; slug: string };
let next = 1000;

beforeAll(async () => {
  service = await startService();
  tenant = await enterTenant(service);
});
afterAll(() => service?.stop());

const two = () =>
  registeredUsers(service, tenant.id, [String(next++), String(next++)]) as Promise<
    [RegisteredUser, RegisteredUser]
  >;

/** A change of a user, on the PBX when this resolves. */
async function change(user: RegisteredUser, work: (tx: Tx) => Promise<unknown>): Promise<void> {
  await service.patchbay.deps.db.asTenant(tenant.id, work);
  expect(await service.patchbay.deps.waitApplied(tenant.id, [`user:${user.id}`], 5)).toBe(true);
}

const CHANGES: [string, (tx: Tx, user: RegisteredUser) => Promise<unknown>][] = [
  ['suspended', (tx, { id }) => tx.user.update({ where: { id }, data: { status: 'suspended' } })],
  [
    'given a new secret',
    (tx, { lineId }) => tx.line.update({ where: { id: lineId }, data: { secret: newSecret(lineId) } }),
  ],
  ['robbed of the line', (tx, { lineId }) => tx.line.delete({ where: { id: lineId } })],
];

const newSecret = (lineId: string) =>
  service.patchbay.deps.seal(randomBytes(12).toString('hex'), secretOwner.line(lineId));

describe.each(CHANGES)('a user who is %s', (_, work) => {
  test('can at once neither call nor be called with the phone that was registered, nor register it', async () => {
    const [ada, bob] = await two();
    const { calling } = await connect(ada.phone, bob.extension, bob.phone);
    await calling.hangup();
    await change(bob, (tx) => work(tx, bob));

    const from = await bob.phone.startCall(ada.extension);
    expect((await from.answered()).status).toBeGreaterThanOrEqual(400);
    const to = await ada.phone.startCall(bob.extension);
    await to.until('the call to be refused', () => to.status >= 400 || to.earlyMedia);
    await to.hangup();
    expect(await bob.phone.callsSoFar()).toHaveLength(1);
    expect((await bob.phone.register()).status).toBeGreaterThanOrEqual(400);
    expect(await service.patchbay.deps.pbxOf(service.nodeId)!.contacts.contactsOf(bob.lineId)).toEqual([]);
  });

  test('finishes the call that is in progress', async () => {
    const [ada, bob] = await two();
    const { calling, called } = await connect(ada.phone, bob.extension, bob.phone);
    await change(bob, (tx) => work(tx, bob));
    await hearEachOther(calling, called);
    expect(await calling.hold()).toBe(200);
    expect(await called.resume()).toBe(200);
    expect([calling.state, called.state]).toEqual(['up', 'up']);
    await called.hangup();
    await calling.waitEnded();
  });
});

test('neither an edit, nor a new extension, nor a comparison, nor a settle cuts a call', async () => {
  const [ada, bob] = await two();
  const { calling, called } = await connect(ada.phone, bob.extension, bob.phone);
  await change(bob, (tx) =>
    tx.user.update({ where: { id: bob.id }, data: { firstName: 'Robert', allowTransfer: false } }),
  );
  await change(bob, (tx) =>
    tx.extension.update({ where: { userId: bob.id }, data: { number: String(next++) } }),
  );
  await service.owner.query('SELECT request_comparison($1)', [service.nodeId]);
  await service.patchbay.deps.pbxOf(service.nodeId)!.objects.settle();
  await hearEachOther(calling, called);
  expect([calling.state, called.state]).toEqual(['up', 'up']);
  await calling.hangup();
});
