import { afterAll, beforeAll, expect, test } from 'vitest';
import { enterTenant } from '../support/people.ts';
import { type RegisteredUser, registeredUsers } from '../support/registered.ts';
import { startService, type TestService } from '../support/service.ts';

const CALLS = 100;
const AT_ONCE = 4;

let service: TestService;
let users: RegisteredUser[];

beforeAll(async () => {
  service = await startService();
  const tenant = await enterTenant(service);
  const extensions = Array.from({ length: 2 * AT_ONCE }, (_, index) => String(1000 + index));
  users = await registeredUsers(service, tenant.id, extensions);
});
afterAll(() => service?.stop());

/**
 * What deleting rests on (docs/decisions/deleting-behind-a-fence.md): the list of channels does not lag behind
 * what phones have seen already.
 */
test(`a phone that has just been sent an INVITE is on the list of channels, ${CALLS} times`, async () => {
  const { calls } = service.patchbay.deps.pbxOf(service.nodeId)!;
  const missing = { list: 0, endpoint: 0 };
  const lane = async (caller: RegisteredUser, callee: RegisteredUser) => {
    for (let i = 0; i < CALLS / AT_ONCE; i++) {
      const calling = await caller.phone.startCall(callee.extension);
      const called = await callee.phone.expectCall({ answer: false });
      const [list, endpoint] = await Promise.all([calls.channels(), calls.endpointState(callee.lineId)]);
      for (const line of [caller.lineId, callee.lineId])
        if (!list.some((channel) => channel.endpoint === line)) missing.list++;
      if (endpoint?.channelIds.length !== 1) missing.endpoint++;
      await calling.hangup();
      await called.waitEnded();
    }
  };
  await Promise.all(users.slice(0, AT_ONCE).map((caller, index) => lane(caller, users[AT_ONCE + index]!)));
  console.log(`not there: ${missing.list} times in the list, ${missing.endpoint} times at the endpoint`);
  expect(missing.list).toBe(0);
});
