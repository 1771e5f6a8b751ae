import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { enterTenant } from '../support/people.ts';
import type { Call } from '../support/phones/call.ts';
import { connect } from '../support/phones/connect.ts';
import type { OutgoingCall } from '../support/phones/outgoing-call.ts';
import { type RegisteredUser, registeredUsers } from '../support/registered.ts';
import { startService, type TestService } from '../support/service.ts';

/** Evenly spread: fast-check itself prefers the ends of a range. */
const fraction = (max: number) => fc.noBias(fc.integer({ min: 0, max: 1_000 * max })).map((n) => n / 1_000);

/**
 * A deletion and a call that begin at almost the same time. Moments are fractions of the time that a deletion takes
 * here and now, so that a slow or busy machine and a quick one race alike.
 */
const race = fc.record({
  /** Who calls: the user who is being deleted, or somebody who calls them. */
  direction: fc.constantFrom('from', 'to'),
  /** How much later than the deletion the call begins. */
  call: fraction(1),
  /** How long the called phone rings. */
  ringing: fraction(0.5),
});
type Race = typeof race extends fc.Arbitrary<infer T> ? T : never;

const RACES = 200;
const LANES = 5;
const WARM_UP = LANES;

let service: TestService;
let tenant: { id: string; slug: string };
const begun = performance.now();

beforeAll(async () => {
  service = await startService();
  tenant = await enterTenant(service);
});
afterAll(() => service?.stop());

test(`${RACES} races between a deletion and a call leave nobody deleted in a call, and no call cut`, async () => {
  const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff);
  console.log(`races between deletion and call: seed ${seed}`);
  const races = fc.sample(race, { seed, numRuns: RACES });
  const colleagues = await registeredUsers(service, tenant.id, extensions(1000, LANES + 2), () => ({
    incoming: () => ({}),
  }));
  const [bystander, other] = colleagues.splice(LANES) as [RegisteredUser, RegisteredUser];
  const untouched = await connect(bystander.phone, other.extension, other.phone);
  const victims = await registeredUsers(
    service,
    tenant.id,
    extensions(1100, RACES + WARM_UP),
    (extension) => ({
      incoming: () => ({ answer: races[Number(extension) - 1100]!.ringing * duration() }),
    }),
  );
  await Promise.all(victims.splice(RACES).map((user) => remove(user)));

  const outcomes: Record<string, number> = {};
  const faults: string[] = [];
  const lane = async (colleague: RegisteredUser, index: number) => {
    for (let i = index; i < RACES; i += LANES) {
      const { outcome, fault } = await run(races[i]!, victims[i]!, colleague);
      const key = `${races[i]!.direction}: ${outcome}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
      if (fault) faults.push(`race ${i} ${JSON.stringify(races[i])}: ${outcome}, ${fault}`);
    }
  };
  await Promise.all(colleagues.map(lane));
  console.log(JSON.stringify(outcomes), `${Math.round(performance.now() - begun)} ms in all`);
  console.log(`a deletion took ${Math.round(duration())} ms lately, ${LANES} at once`);
  expect(faults).toEqual([]);
  expect([untouched.calling.state, untouched.called.state]).toEqual(['up', 'up']);
  await untouched.calling.hangup();
  // Otherwise nothing was raced.
  for (const direction of ['from', 'to'])
    for (const outcome of ['deleted, call refused', 'not deleted, call up'])
      expect(outcomes[`${direction}: ${outcome}`], `${direction}: ${outcome}`).toBeGreaterThan(0);
});

const lately: number[] = [];
/** Milliseconds: the median of the latest deletions. */
const duration = () => lately.toSorted((a, b) => a - b)[lately.length >> 1]!;

async function remove(user: RegisteredUser): Promise<number> {
  const begin = performance.now();
  const { status } = await service.platform.delete(`/tenants/${tenant.slug}/users/${user.id}`);
  if (status === 204) lately.push(performance.now() - begin);
  if (lately.length > 9) lately.shift();
  return status;
}

async function run(
  { direction, call: callAt }: Race,
  victim: RegisteredUser,
  colleague: RegisteredUser,
): Promise<{ outcome: string; fault: string | null }> {
  const [caller, callee] = direction === 'from' ? [victim, colleague] : [colleague, victim];
  const [call, status] = await Promise.all([
    after(callAt * duration()).then(() => begin(caller, callee)),
    remove(victim),
  ]);
  const isUp = call.status === 200;
  const outcome = `${status === 204 ? 'deleted' : 'not deleted'}, call ${isUp ? 'up' : 'refused'}`;
  const fault = await faultOf(status, isUp, call, victim);
  await call.hangup();
  return { outcome, fault };
}

/** Resolves when the call is up or refused. What plays before an answer is only ever why it is refused: not waited for. */
async function begin(caller: RegisteredUser, callee: RegisteredUser): Promise<OutgoingCall> {
  const call = await caller.phone.startCall(callee.extension);
  await call.until('the call to be up or refused', () => call.status > 0 || call.earlyMedia);
  return call;
}

/** What must never be; null when all is well. */
async function faultOf(
  status: number,
  isUp: boolean,
  call: Call,
  victim: RegisteredUser,
): Promise<string | null> {
  if (status !== 204 && status !== 409) return `the deletion was answered ${status}`;
  const pbx = service.patchbay.deps.pbxOf(service.nodeId)!;
  const channels = await pbx.calls.channels();
  const own = channels.filter((channel) => channel.endpoint === victim.lineId);
  if (status === 204 && isUp) return 'a deleted user is in a call';
  if (status === 204 && own.length > 0) return `a deleted user has a channel: ${JSON.stringify(own)}`;
  if (status === 409 && isUp && call.state !== 'up') return 'the call was cut';
  if (status === 409 && isUp && own.length === 0) return 'the call has lost the user';
  return null;
}

const extensions = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => String(first + index));

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
