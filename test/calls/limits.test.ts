import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';
import type { OutgoingCall } from '../support/phones/outgoing-call.ts';
import { until } from '../support/until.ts';

const ABROAD = '+442079460018';
const NEAR = '0612345678';

let dialplan: Dialplan;
let tenant: Tenant;
let carrier: TestCarrier;

beforeAll(async () => {
  dialplan = await Dialplan.open();
  tenant = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155501000' });
  carrier = await tenant.trunk();
});

afterAll(async () => {
  await dialplan.close();
  await closePhones();
});

let last = 1000;

function limited(limits: Partial<User['limits']>, of = tenant): Promise<User> {
  return of.user({ extension: String(++last), profile: 'international', limits });
}

/** The call is refused, and both reports name the limit. The announcement is not listened to. */
async function expectRefused(user: User, number: string, limit: string, of = 'user'): Promise<void> {
  const already = dialplan.reports.length;
  const call = await user.phone.startCall(number);
  await call.provisional(183);
  expect(await call.cancel()).toBe(487);
  await until('both reports', () => dialplan.reports.length >= already + 2);
  expect(dialplan.reports.slice(already)).toMatchObject([
    { name: 'PbLimit', fields: { User: user.id, Limit: limit, Of: of } },
    { name: 'PbRefused', fields: { User: user.id, Reason: limit } },
  ]);
}

async function legsToCarriers(): Promise<number> {
  const channels = await dialplan.pbx.calls.channels();
  return channels.filter(({ endpoint }) => endpoint?.startsWith('pbtrunk-')).length;
}

/** Hangs up, and waits until the PBX has let go of its leg to the carrier too, which is what is counted. */
async function hangUp(call: OutgoingCall): Promise<void> {
  const before = await legsToCarriers();
  await call.hangup();
  await until('the leg to the carrier to be gone', async () => (await legsToCarriers()) < before);
}

async function through(user: User, number: string) {
  const call = await user.phone.dial(number);
  expect(call.status, number).toBe(200);
  return call;
}

test('calls abroad at once: one more is refused, those inside the country are not, and it is free again afterwards', async () => {
  const user = await limited({ abroadAtOnce: 1 });
  const first = await through(user, ABROAD);
  await expectRefused(user, ABROAD, 'limit-abroad-at-once');
  await hangUp(await through(user, NEAR));
  await hangUp(first);
  await hangUp(await through(user, ABROAD));
});

test('calls abroad at once: of several begun at the same moment as many get through as may', async () => {
  const user = await limited({ abroadAtOnce: 2 });
  const calls = await Promise.all(Array.from({ length: 16 }, () => user.phone.dial(ABROAD)));
  const up = calls.filter((call) => call.status === 200);
  expect(up).toHaveLength(2);
  await Promise.all(up.map((call) => call.hangup()));
});

test('calls abroad at once: a call that its user transferred away still counts', async () => {
  const user = await limited({ abroadAtOnce: 1 });
  const colleague = await limited({});
  const call = await through(user, ABROAD);
  const far = carrier.calls.at(-1)!.call;
  await hearEachOther(call, far);
  const answering = colleague.phone.expectCall();
  await call.refer(colleague.extension!);
  const taken = await answering;
  await hearEachOther(taken, far);
  await expectRefused(user, ABROAD, 'limit-abroad-at-once');
  await taken.hangup();
  await until('the leg to the carrier to be gone', async () => (await legsToCarriers()) === 0);
  await hangUp(await through(user, ABROAD));
});

test("the tenant's limits hold for all its users together", async () => {
  const limits = { abroadAtOnce: 1 };
  const company = await dialplan.tenant({ country: 'FR', defaultNumber: '+33155502000', limits });
  await company.trunk();
  const one = await limited({}, company);
  const other = await limited({}, company);
  const call = await through(one, ABROAD);
  await expectRefused(other, ABROAD, 'limit-abroad-at-once', 'tenant');
  await hangUp(call);
  await hangUp(await through(other, ABROAD));
});

test('calls abroad per hour: refused ones do not count', async () => {
  const user = await limited({ abroadPerHour: 2, abroadAtOnce: 1 });
  await hangUp(await through(user, ABROAD));
  const second = await through(user, ABROAD);
  await expectRefused(user, ABROAD, 'limit-abroad-at-once');
  await hangUp(second);
  await expectRefused(user, ABROAD, 'limit-abroad-per-hour');
  await hangUp(await through(user, NEAR));
  // Another hour: what stands from an earlier one does not count.
  await dialplan.write([[`pbrun/hour/${user.id}`, '1|99']]);
  await hangUp(await through(user, ABROAD));
});

test('minutes abroad per day: counted when calls end, the rest bounds the next call, then refused', async () => {
  const user = await limited({ abroadMinutesPerDay: 1 });
  const used = async () => (await dialplan.pbx.db.get(`pbrun/day/${user.id}`))?.split('|') ?? [];
  await hangUp(await through(user, ABROAD));
  await until('the first call to be counted', async () => Number((await used())[1]) > 0);

  const [day] = await used();
  await dialplan.write([[`pbrun/day/${user.id}`, `${day}|59`]]);
  const short = await through(user, ABROAD);
  expect(await short.waitEnded()).toMatchObject({ by: 'them' });
  await until('the second call to be counted', async () => Number((await used())[1]) >= 60);
  await expectRefused(user, ABROAD, 'limit-abroad-minutes');
  await hangUp(await through(user, NEAR));
});

test('the longest call ends when its time is up, inside the country too, and also after a transfer', async () => {
  const user = await limited({ longestCallSeconds: 1 });
  const call = await through(user, NEAR);
  expect(await call.waitEnded()).toMatchObject({ by: 'them' });

  const patient = await limited({ longestCallSeconds: 2 });
  const colleague = await limited({});
  const long = await through(patient, NEAR);
  const far = carrier.calls.at(-1)!.call;
  await hearEachOther(long, far);
  const answering = colleague.phone.expectCall();
  await long.refer(colleague.extension!);
  const taken = await answering;
  expect(await far.waitEnded()).toMatchObject({ by: 'them' });
  await taken.waitEnded();
});

test('a premium number of the country counts as abroad', async () => {
  const user = await limited({ abroadAtOnce: 0 });
  await expectRefused(user, '0899123456', 'limit-abroad-at-once');
});

test('a transfer and a forwarding count for who transfers and who forwards', async () => {
  const user = await limited({ abroadAtOnce: 0 });
  const caller = await limited({});
  await user.forward({ always: ABROAD });
  const forwarded = await caller.phone.startCall(user.extension!);
  await dialplan.report('PbLimit', { User: user.id, Path: 'forward' });
  await forwarded.cancel();
  await user.forward({});

  const { calling, called } = await connect(caller.phone, user.extension!, user.phone);
  await hearEachOther(calling, called);
  const returning = user.phone.expectCall();
  await called.refer(ABROAD);
  await (await returning).hangup();
  await dialplan.report('PbLimit', { User: user.id, Path: 'transfer' });
});

test('a transfer abroad that came back does not count while they talk', async () => {
  const user = await limited({ abroadAtOnce: 1 });
  const caller = await limited({});
  const { calling, called } = await connect(caller.phone, user.extension!, user.phone);
  await hearEachOther(calling, called);
  carrier.plan = { status: 486 };
  const returning = user.phone.expectCall();
  await called.refer(ABROAD);
  const back = await returning;
  await hearEachOther(calling, back);
  carrier.plan = { answer: true };
  await hangUp(await through(user, ABROAD));
  await back.hangup();
});

test('no limit touches an emergency call', async () => {
  const user = await limited({
    abroadAtOnce: 0,
    abroadPerHour: 0,
    abroadMinutesPerDay: 0,
    longestCallSeconds: 1,
  });
  const call = await through(user, '112');
  const far = carrier.calls.at(-1)!.call;
  await hearEachOther(call, far);
  const start = performance.now();
  await until('longer than the limit', () => performance.now() - start > 1_500);
  await hearEachOther(call, far);
  await call.hangup();
});
