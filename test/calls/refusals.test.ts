import { afterAll, beforeAll, expect, test } from 'vitest';
import { secretDigest, spareLineEntries } from '../../src/domain/pbx/lines.ts';
import { Dialplan, type Tenant, type TestCarrier, type User } from '../support/dialplan-fixture.ts';
import { closePhones } from '../support/phones/open-phones.ts';

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

let lastExtension = 1000;

function someone(wishes: Parameters<Tenant['user']>[0] = {}): Promise<User> {
  return tenant.user({ extension: String(++lastExtension), profile: 'national', ...wishes });
}

test('a refused call: something is heard, then 403, and a report says who, what and why; the carrier sees nothing', async () => {
  const user = await someone();
  const call = await user.phone.startCall('+44 20 7946 0018');
  await call.provisional(183);
  expect((await call.answered()).status).toBe(403);
  expect(call.earlyMedia).toBe(true);
  const { fields } = await dialplan.report('PbRefused', { User: user.id });
  expect(fields).toEqual({
    User: user.id,
    Tenant: tenant.id,
    Dialled: '+442079460018',
    Number: '+442079460018',
    Class: 'fixed',
    Rule: '',
    Reason: 'no-rule',
    Path: 'dial',
    Trunk: '',
  });
  await carrier.sawNothingFor('2079460018');
});

/** Each user, the number dialled, and the reason in the report. Refusals take seconds, so they are dialled at once. */
const REFUSED: [string, Parameters<Tenant['user']>[0], string, string][] = [
  ['outside calls are switched off', { flags: { outsideCalls: false } }, '0612345678', 'outside-calls-off'],
  ['no profile', { profile: null }, '0612345678', 'profile-missing'],
  ['internal only', { profile: 'internal' }, '0612345678', 'no-rule'],
  ['premium', {}, '0899123456', 'no-rule'],
  ['not a number of any plan', { profile: 'international' }, '+44123', 'unassigned-number'],
  ['no such extension', { profile: 'international' }, '4999', 'unassigned-number'],
  ['no such account', {}, 'nobody.here', 'unknown-account'],
  ['longer than any number', {}, '0612345678061234567806123456', 'too-long'],
  ['two destinations', {}, '0612345678&0698765432', 'invalid-characters'],
  ['an argument of Dial', {}, '0612345678,30', 'invalid-characters'],
  ['an option of Dial', {}, '0612345678,30,g', 'unknown-account'],
  ['another technology', {}, '1/Local', 'unknown-account'],
  ['a channel', {}, 'Local/0612345678', 'unknown-account'],
  ['a parameter', {}, '0612345678;1', 'invalid-characters'],
  ['full-width digits', {}, '0６１２３４５６７８', 'invalid-characters'],
  ['a function', {}, '06${EXTEN}', 'unknown-account'],
  ['an expression', {}, '1$[1+1]', 'invalid-characters'],
  ['brackets that do not close', {}, '06):1', 'invalid-characters'],
  ['a name with a bracket', {}, 'a):1', 'invalid-characters'],
  ['a name with a quote', {}, 'a"b', 'unknown-account'],
  ['a name in another script', {}, 'aéb', 'unknown-account'],
  ['a plus inside', {}, '06+12345678', 'invalid-characters'],
  ['a service code', {}, '*99*1#', 'service-code-unknown'],
];

test('what is refused, and why', async () => {
  const tried = REFUSED.map(async ([what, wishes, number, reason]) => {
    const user = await someone(wishes);
    const call = await user.phone.dial(number);
    expect(call.status, what).toBe(403);
    const { fields } = await dialplan.report('PbRefused', { User: user.id });
    expect(fields.Reason, what).toBe(reason);
    expect(fields.Dialled, what).toMatch(/^[0-9a-z+*#._-]*$/);
  });
  await Promise.all(tried);
  expect(await carrier.callsSoFar()).toEqual([]);
});

test.each([
  ['$SHELL', 'begins like no number and no name'],
  ['%22', 'a quote'],
  ['h', "Asterisk's own extension for a hangup"],
  ['s', "Asterisk's own start"],
  ['7', 'one digit'],
])('%s (%s) is unknown', async (dialled) => {
  const user = await someone();
  const { status } = await user.phone.dial(`sip:${dialled}@${user.phone.domain}`);
  expect([400, 404]).toContain(status);
});

test('a spare line can neither register nor call', async () => {
  await dialplan.write(
    spareLineEntries({
      lineId: 'pbspareaaaaa',
      kind: 'sip',
      digest: secretDigest('pbspareaaaaa', 'known here'),
    }),
  );
  const phone = await dialplan.openPhone('pbspareaaaaa', 'known here', 'spare');
  expect((await phone.dial('1001')).status).toBe(404);
  expect((await phone.dial('15')).status).toBe(404);
  expect((await phone.dial('0612345678')).status).toBe(404);
});

test('a line whose user is suspended (all entries gone) is refused everything, emergency too', async () => {
  const user = await someone({ profile: 'international' });
  await dialplan.remove([`pb/line/${user.lines[0]}`]);
  const statuses = await Promise.all(['1001', '15', '0612345678'].map((number) => user.phone.dial(number)));
  expect(statuses.map((call) => call.status)).toEqual([403, 403, 403]);
});
