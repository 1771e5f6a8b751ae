import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enterTenant } from '../support/people.ts';
import { connect } from '../support/phones/connect.ts';
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

const users = (count: number): Promise<RegisteredUser[]> =>
  registeredUsers(
    service,
    tenant.id,
    Array.from({ length: count }, () => String(next++)),
  );
const path = (user: { id: string }, more = '') => `/tenants/${tenant.slug}/users/${user.id}${more}`;
const isThere = async (user: { id: string }) =>
  (await service.owner.query('SELECT 1 FROM users WHERE id = $1', [user.id])).rowCount === 1;

describe('a user who is in a call', () => {
  test('is not deleted: the calls are listed, and go on', async () => {
    const [ada, bob] = (await users(2)) as [RegisteredUser, RegisteredUser];
    const { calling, called } = await connect(ada.phone, bob.extension, bob.phone);
    for (const [user, peer] of [
      [ada, bob],
      [bob, ada],
    ] as const) {
      const answer = await service.platform.delete(path(user));
      expect(answer.status).toBe(409);
      expect(answer.json).toMatchObject({ code: 'user-in-call' });
      expect(answer.json.calls).toHaveLength(1);
      expect(answer.json.calls[0].peer).toContain(peer.extension);
    }
    console.log(JSON.stringify(await (service.patchbay.deps.pbxOf(service.nodeId)!).calls.channels(), null, 1));
    expect([calling.state, called.state]).toEqual(['up', 'up']);
    await calling.hangup();
    await until('both can be deleted', async () => (await service.platform.delete(path(ada))).status === 204);
    expect(await isThere(ada)).toBe(false);
  });
});
