import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describe } from '../../../src/domain/pbx/describe.ts';
import {
  formatCallerId,
  lineEntries,
  secretDigest,
  spareLineEntries,
} from '../../../src/domain/pbx/lines.ts';
import {
  decodeCallerIdGroup,
  decodeForwarding,
  decodeNumber,
  decodeTenant,
  decodeTrunk,
  decodeUser,
  encodeCallerIdGroup,
  encodeForwarding,
  encodeNumber,
  encodeTenant,
  encodeTrunk,
  encodeUser,
} from '../../../src/domain/pbx/records.ts';
import { trunkEntries } from '../../../src/domain/pbx/trunks.ts';
import { checkSeeded } from '../../support/seeded.ts';

const TENANT = '6c000000-0000-4000-8000-000000000001';
const USER = '6c000000-0000-4000-8000-000000000002';

const amount = fc.option(fc.nat(100_000), { nil: null });
const limits = fc.record({
  abroadAtOnce: amount,
  abroadPerHour: amount,
  abroadMinutesPerDay: amount,
  longestCallSeconds: amount,
});
const e164 = fc.stringMatching(/^\+[1-9][0-9]{6,14}$/);
const number = fc.option(e164, { nil: null });
const id = fc.option(fc.uuid(), { nil: null });
const target = fc.option(fc.stringMatching(/^\+?[0-9]{2,15}$/), { nil: null });

test('what is written into a record is read from it again', async () => {
  const tenant = fc.record({
    country: fc.constantFrom('FR', 'GB', 'US'),
    defaultNumber: number,
    trunks: fc.array(fc.uuid(), { maxLength: 4 }),
    language: fc.constantFrom('fr', 'en-GB', null),
    limits,
  });
  const user = fc.record({
    tenant: fc.uuid(),
    extension: fc.option(fc.stringMatching(/^[0-9]{2,6}$/), { nil: null }),
    profile: id,
    shownNumber: number,
    callerIdGroup: id,
    flags: fc.record({
      outsideCalls: fc.boolean(),
      transfers: fc.boolean(),
      joinsOutsideParties: fc.boolean(),
      recorded: fc.boolean(),
      withholdsNumber: fc.boolean(),
    }),
    limits,
  });
  const forwarding = fc.record({
    always: target,
    busy: target,
    noAnswer: target,
    notRegistered: target,
    noAnswerSeconds: amount,
  });
  const trunk = fc.record({
    tenant: fc.uuid(),
    format: fc.constantFrom('e164+' as const, 'e164' as const, 'national' as const),
    passesForwardedCaller: fc.boolean(),
    sendsAssertedIdentity: fc.boolean(),
  });
  const owned = fc.record({ tenant: fc.uuid(), user: id });
  await checkSeeded(
    'PBX records',
    fc.property(tenant, user, forwarding, trunk, owned, fc.array(e164), (...[t, u, f, k, o, group]) => {
      expect(decodeTenant(encodeTenant(t))).toEqual(t);
      expect(decodeUser(encodeUser(u))).toEqual(u);
      expect(decodeForwarding(encodeForwarding(f))).toEqual(f);
      expect(decodeTrunk(encodeTrunk(k))).toEqual(k);
      expect(decodeNumber(encodeNumber(o))).toEqual(o);
      expect(decodeCallerIdGroup(encodeCallerIdGroup(group))).toEqual(group);
    }),
    300,
  );
});

test('the records are those of docs/pbx-state.md', () => {
  const none = {
    abroadAtOnce: null,
    abroadPerHour: null,
    abroadMinutesPerDay: null,
    longestCallSeconds: null,
  };
  const flags = {
    outsideCalls: true,
    transfers: true,
    joinsOutsideParties: false,
    recorded: false,
    withholdsNumber: false,
  };
  const user = {
    tenant: TENANT,
    extension: '1001',
    profile: 'p',
    shownNumber: '+33155501001',
    callerIdGroup: null,
  };
  const limits = { ...none, abroadAtOnce: 2, longestCallSeconds: 3600 };
  expect(encodeUser({ ...user, flags, limits })).toBe(`${TENANT}|1001|p|+33155501001||ot|2,,,3600`);
  expect(encodeUser({ ...user, flags, limits: none })).toBe(`${TENANT}|1001|p|+33155501001||ot|`);
  expect(encodeNumber({ tenant: TENANT, user: null })).toBe(`${TENANT}|`);
});

test('a field that would end its record is a mistake of the program', () => {
  for (const bad of ['a|b', 'a\nb', 'a\0b'])
    expect(() => encodeNumber({ tenant: TENANT, user: bad })).toThrow(TypeError);
});

test('an entry is described field by field, whatever somebody made of it', () => {
  expect(describe(`pb/fwd/${USER}`, '|+33612345678|||20')).toEqual({
    'forward always': '',
    'forward busy': '+33612345678',
    'forward no answer': '',
    'forward not registered': '',
    'seconds to no answer': '20',
  });
  expect(describe(`pb/did/33155501001`, `${TENANT}|${USER}|x`)).toEqual({
    tenant: TENANT,
    user: USER,
    'field 3': 'x',
  });
  expect(describe(`pb/name/${USER}`, 'a|b')).toEqual({ value: 'a|b' });
  expect(describe('ps_endpoints/endpoint/pbx', '{"context":"pb-phones"}')).toEqual({ context: 'pb-phones' });
  expect(describe('ps_endpoints/endpoint/pbx', 'not json')).toEqual({ 'not JSON': '8 characters' });
  expect(describe('ps_endpoints/endpoint/pbx', '[1]')).toEqual({ 'not an object': '3 characters' });
});

test('no description holds a secret', () => {
  const entries = [
    ...lineEntries({
      lineId: 'pbaaaaaaaaaa',
      kind: 'sip',
      digest: secretDigest('pbaaaaaaaaaa', 'open sesame'),
      displayName: 'Ann',
      extension: '1001',
      mayTransfer: true,
      allowedNetworks: [],
    }),
    ...trunkEntries({
      id: TENANT,
      host: 'sip.example.com',
      port: 5060,
      transport: 'udp',
      login: { username: 'ann', password: 'open sesame' },
      sendsAssertedIdentity: false,
    }),
  ];
  const text = JSON.stringify(entries.map(([path, value]) => describe(path, value)));
  expect(text).not.toContain('open sesame');
  expect(text).not.toContain(secretDigest('pbaaaaaaaaaa', 'open sesame'));
});

test('a line has a context, an identity and no word that Asterisk would take from the phone', () => {
  const line = { lineId: 'pbaaaaaaaaaa', kind: 'webrtc' as const, digest: 'MD5:0', displayName: 'Ann' };
  const [, , endpoint] = [
    ...lineEntries({ ...line, extension: null, mayTransfer: false, allowedNetworks: [] }).values(),
  ];
  expect(JSON.parse(endpoint!)).toMatchObject({
    context: 'pb-phones',
    identify_by: 'username',
    callerid: '"Ann" <pbaaaaaaaaaa>',
    allow_transfer: 'no',
    webrtc: 'yes',
  });
  const [, aor, spare] = [...spareLineEntries({ ...line, kind: 'sip' }).values()];
  expect(JSON.parse(spare!).context).toBe('pb-nowhere');
  const own = [
    ...lineEntries({ ...line, kind: 'sip', extension: '1', mayTransfer: true, allowedNetworks: [] }).values(),
  ];
  expect(aor, 'giving a spare line to a user leaves the aor that Asterisk tracks').toBe(own[1]);
});

test('a trunk is found by its address alone', () => {
  const trunk = { id: TENANT, host: '192.0.2.1', port: 5060, sendsAssertedIdentity: true } as const;
  const entries = trunkEntries({ ...trunk, transport: 'tls', callsFrom: ['192.0.2.0/28'] });
  const of = (path: string) => JSON.parse(entries.get(`${path}/pbtrunk-${TENANT}`)!);
  expect(of('ps_endpoints/endpoint')).toMatchObject({
    identify_by: 'ip',
    allow_transfer: 'no',
    send_pai: 'yes',
  });
  expect(of('ps_identifies/identify')).toEqual({
    endpoint: `pbtrunk-${TENANT}`,
    match: '192.0.2.1,192.0.2.0/28',
  });
  expect(of('ps_aors/aor').contact).toBe('sip:192.0.2.1:5060;transport=tls');
});

test('a long name is cut at a whole character', () => {
  expect(formatCallerId('x'.repeat(100), '1001')).toBe(`"${'x'.repeat(79)}" <1001>`);
  expect(formatCallerId('é'.repeat(100), '1001')).toBe(`"${'é'.repeat(39)}" <1001>`);
  expect(formatCallerId('👩'.repeat(100), '1001')).toBe(`"${'👩'.repeat(19)}" <1001>`);
  expect(formatCallerId('"\\', '1001')).toBe('"\\"\\\\" <1001>');
});
