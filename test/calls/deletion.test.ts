import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enterTenant } from '../support/people.ts';
import { connect } from '../support/phones/connect.ts';
import { privateAsterisk } from '../support/private-asterisk.ts';
import { type RegisteredUser, registeredUsers } from '../support/registered.ts';
import { startService, type TestService } from '../support/service.ts';
import { until } from '../support/until.ts';

let service: TestService;
let tenant: { id: string; slug: string };
let next = 1000;

beforeAll(async () => {
  service = await startService();
  tenant = await enterTenant(service);
});
afterAll(() => service?.stop());

type Two = [RegisteredUser, RegisteredUser];
type Three = [RegisteredUser, RegisteredUser, RegisteredUser];
const users = (count: number): Promise<RegisteredUser[]> =>
  registeredUsers(
    service,
    tenant.id,
    Array.from({ length: count }, () => String(next++)),
  );
const at = (user: { id: string }, more = '') => `/tenants/${tenant.slug}/users/${user.id}${more}`;
const remove = (user: { id: string }, when = 'refuse') => service.platform.delete(at(user, `?when=${when}`));
const isThere = async (user: { id: string }) =>
  (await service.owner.query('SELECT 1 FROM users WHERE id = $1', [user.id])).rowCount === 1;
const goes = (user: { id: string }) => until(`${user.id} is deleted`, async () => !(await isThere(user)));

describe('a user who is in a call', () => {
  test('is not deleted: the calls are listed, and go on', async () => {
    const [ada, bob, cem] = (await users(3)) as Three;
    const { calling, called } = await connect(ada.phone, bob.extension, bob.phone);
    await service.owner.query(
      `CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a fence was raised'; END $$;
       CREATE TRIGGER never BEFORE INSERT ON fences FOR EACH ROW EXECUTE FUNCTION never()`,
    );
    for (const [user, peer] of [
      [ada, bob],
      [bob, ada],
    ] as const) {
      const answer = await remove(user);
      expect(answer.status).toBe(409);
      expect(answer.json).toMatchObject({
        code: 'user-in-call',
        calls: [{ peer: `User ${peer.extension} <${peer.extension}>` }],
      });
      expect(Math.abs(Date.parse(answer.json.calls[0].since) - Date.now())).toBeLessThan(60_000);
      expect(await isThere(user)).toBe(true);
    }
    expect([calling.state, called.state]).toEqual(['up', 'up']);
    // Nobody was fenced off for a deletion that could be refused at once: the phone can begin a second call.
    await service.owner.query('DROP FUNCTION never() CASCADE');
    const second = await connect(ada.phone, cem.extension, cem.phone);
    await second.calling.hangup();
    await calling.hangup();
    await until('no call is left', async () => (await remove(ada)).status === 204);
  });

  test('is not deleted while a phone of theirs rings, nor while they wait for an answer', async () => {
    const [ada, bob] = (await users(2)) as Two;
    const calling = await ada.phone.startCall(bob.extension);
    const called = await bob.phone.expectCall({ answer: false });
    for (const user of [ada, bob]) expect((await remove(user)).status).toBe(409);
    await called.answer();
    expect((await calling.answered()).status).toBe(200);
    await calling.hangup();
  });

  test('is not deleted though the line of the call was revoked meanwhile', async () => {
    const [ada, bob] = (await users(2)) as Two;
    const { calling } = await connect(ada.phone, bob.extension, bob.phone);
    const { db } = service.patchbay.deps;
    await db.asTenant(tenant.id, (tx) => tx.line.delete({ where: { id: bob.lineId } }));
    expect((await remove(bob)).status).toBe(409);
    expect(calling.state).toBe('up');
    await calling.hangup();
    await until('the call is over', async () => (await remove(bob)).status === 204);
  });

  test('is hung up and deleted by who may do that, and by nobody else', async () => {
    const [ada, bob] = (await users(2)) as Two;
    const { calling, called } = await connect(ada.phone, bob.extension, bob.phone);
    const clerk = await service.withKey(tenant.id, ['users:delete']);
    expect(await clerk.delete(at(bob, '?when=hangup'))).toMatchObject({
      status: 403,
      json: { permission: 'users:hangup-delete' },
    });
    expect(calling.state).toBe('up');
    expect((await remove(bob, 'hangup')).status).toBe(204);
    expect((await called.waitEnded()).by).toBe('them');
    expect((await calling.waitEnded()).by).toBe('them');
    expect(await isThere(bob)).toBe(false);
    expect(await isThere(ada)).toBe(true);
  });
});

describe('a user who only left a trace in a call is in none', () => {
  test('whose calls are forwarded', async () => {
    const [ada, bob, cem] = (await users(3)) as Three;
    await service.patchbay.deps.db.asTenant(tenant.id, (tx) =>
      tx.callForward.create({ data: { userId: bob.id, tenantId: tenant.id, always: cem.extension } }),
    );
    await service.patchbay.deps.waitApplied(tenant.id, [`user:${bob.id}`], 5);
    const { calling, called } = await connect(ada.phone, bob.extension, cem.phone);
    expect((await remove(bob)).status).toBe(204);
    await bob.phone.callsSoFar();
    expect([calling.state, called.state]).toEqual(['up', 'up']);
    await calling.hangup();
  });

  test.each(['blind', 'attended'])('who transferred it away (%s)', async (kind) => {
    const [ada, bob, cem] = (await users(3)) as Three;
    const { calling, called } = await connect(ada.phone, bob.extension, bob.phone);
    // Asterisk has told both phones that the call is up a moment before it joins them; a REFER in between fails.
    await until('the two are joined', async () => {
      const channels = await service.patchbay.deps.pbxOf(service.nodeId)!.calls.channels();
      return channels.some(({ endpoint, bridged }) => endpoint === bob.lineId && bridged);
    });
    if (kind === 'blind') {
      const [transferred] = await Promise.all([cem.phone.expectCall(), called.refer(cem.extension)]);
      await transferred.until('the call to be up', () => transferred.state === 'up');
    } else {
      const consultation = await connect(bob.phone, cem.extension, cem.phone);
      await called.referReplaces(consultation.calling);
      await consultation.calling.waitEnded();
    }
    await called.waitEnded();
    await until('the transferring user is free', async () => (await remove(bob)).status === 204);
    const [third] = cem.phone.received;
    expect([calling.state, third?.state]).toEqual(['up', 'up']);
    expect((await remove(cem)).status).toBe(409);
    await calling.hangup();
  });
});

describe('a deletion that waits for the end of the call', () => {
  test('can be seen, and happens when the call ends', async () => {
    const [ada, bob] = (await users(2)) as Two;
    const { calling } = await connect(ada.phone, bob.extension, bob.phone);
    const clerk = await service.withKey(tenant.id, ['users:delete', 'users:read']);
    const answer = await clerk.delete(at(bob, '?when=idle'));
    expect(answer).toMatchObject({
      status: 202,
      json: {
        user: { id: bob.id, extension: bob.extension },
        requestedBy: { kind: 'api-key', name: 'test' },
      },
    });
    expect((await remove(bob, 'idle')).json.requestedAt).toBe(answer.json.requestedAt);
    const { items } = (await clerk.get(`/tenants/${tenant.slug}/deletions`)).json;
    expect(items).toEqual([answer.json]);
    expect((await clerk.get(at(bob, '/deletion'))).json).toEqual(answer.json);
    expect(calling.state).toBe('up');

    const begin = performance.now();
    await calling.hangup();
    await goes(bob);
    console.log(
      `a queued deletion followed the end of the call by ${Math.round(performance.now() - begin)} ms`,
    );
    expect((await clerk.get(`/tenants/${tenant.slug}/deletions`)).json.items).toEqual([]);
    const record = await clerk.get(`/tenants/${tenant.slug}/deleted-users/${bob.id}`);
    expect(record.json).toMatchObject({
      deletedBy: answer.json.requestedBy,
      was: { extension: bob.extension },
    });
  });

  test('can be cancelled', async () => {
    const [ada, bob] = (await users(2)) as Two;
    const { calling } = await connect(ada.phone, bob.extension, bob.phone);
    expect((await remove(bob, 'idle')).status).toBe(202);
    expect((await service.platform.delete(at(bob, '/deletion'))).status).toBe(204);
    expect((await service.platform.delete(at(bob, '/deletion'))).status).toBe(404);
    await calling.hangup();
    // Another deletion that is queued behind it has its turn, so this one would have had it too.
    const [cem, dan] = (await users(2)) as Two;
    const other = await connect(cem.phone, dan.extension, dan.phone);
    await remove(dan, 'idle');
    await other.calling.hangup();
    await goes(dan);
    expect(await isThere(bob)).toBe(true);
  });

  test('survives a restart of the service, also when the call ends meanwhile', async () => {
    const [ada, bob, cem, dan] = (await users(4)) as [...Two, ...Two];
    const one = await connect(ada.phone, bob.extension, bob.phone);
    const other = await connect(cem.phone, dan.extension, dan.phone);
    expect((await remove(bob, 'idle')).status).toBe(202);
    expect((await remove(dan, 'idle')).status).toBe(202);
    await service.restart(() => one.calling.hangup());
    await goes(bob);
    expect(await isThere(dan)).toBe(true);
    expect(other.calling.state).toBe('up');
    await other.calling.hangup();
    await goes(dan);
  });
});

test('a deletion that waits survives a restart of Asterisk, which ends all calls', async () => {
  const asterisk = await privateAsterisk();
  const own = await startService({ pbx: asterisk });
  try {
    const place = await enterTenant(own);
    const [ada, bob] = (await registeredUsers(own, place.id, ['1001', '1002'], () => ({
      server: asterisk.sip,
    }))) as Two;
    await connect(ada.phone, bob.extension, bob.phone);
    const path = `/tenants/${place.slug}/users/${bob.id}`;
    expect((await own.platform.delete(`${path}?when=idle`)).status).toBe(202);
    await asterisk.kill('SIGKILL');
    expect((await own.platform.delete(path)).json.code).toBe('pbx-not-connected');
    await asterisk.restart();
    const { owner } = own;
    await until('it is carried out', async () => {
      const { rowCount } = await owner.query('SELECT 1 FROM users WHERE id = $1', [bob.id]);
      return rowCount === 0;
    });
    expect((await bob.phone.register()).status).toBeGreaterThanOrEqual(400);
    expect((await ada.phone.register()).status).toBe(200);
  } finally {
    await own.stop();
  }
});
