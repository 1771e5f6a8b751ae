import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dialplan, type Tenant, type TestCarrier } from '../support/dialplan-fixture.ts';
import { connect, hearEachOther } from '../support/phones/connect.ts';
import { closePhones } from '../support/phones/open-phones.ts';

const ABROAD = '+442079460018';

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

test('by digits: blind and attended, in RTP and by INFO, with the same rights', async () => {
  const pair = async (extension: string) => {
    const one = await tenant.user({ name: `One ${extension}`, extension, profile: 'international' });
    const other = await tenant.user({
      name: `Other ${extension}`,
      extension: `${extension}0`,
      profile: 'national',
    });
    const call = await connect(one.phone, other.extension!, other.phone);
    await hearEachOther(call.calling, call.called);
    return { one, other, ...call };
  };
  const target = (extension: string) => tenant.user({ name: `Target ${extension}`, extension });
  const patience = 20_000;
  const before = (await carrier.callsSoFar()).length;

  const blind = async (by: 'rtp' | 'info', extension: string) => {
    const to = await target(`${extension}9`);
    const { one, calling, called } = await pair(extension);
    const answering = to.phone.expectCall({}, patience);
    await called.sendDtmf(`#1${to.extension}`, by);
    const transferred = await answering;
    expect(transferred.from).toMatchObject({ display: one.name, user: extension });
    await hearEachOther(calling, transferred);
    await calling.hangup();
  };
  const attended = async (extension: string) => {
    const to = await target(`${extension}9`);
    const { other, calling, called } = await pair(extension);
    const answering = to.phone.expectCall({}, patience);
    await called.sendDtmf(`*2${to.extension}`);
    const consultation = await answering;
    expect(consultation.from).toMatchObject({ display: other.name, user: other.extension });
    await hearEachOther(called, consultation);
    await called.hangup();
    await hearEachOther(calling, consultation);
    await calling.hangup();
  };
  const attendedOutside = async (extension: string) => {
    const { calling, called } = await pair(extension);
    await called.sendDtmf('*20612345678', 'info');
    const seen = await carrier.nextCall(patience);
    expect([seen.number, seen.from.user]).toEqual(['+33612345678', '+33155501000']);
    await hearEachOther(called, seen.call);
    await called.hangup();
    await hearEachOther(calling, seen.call);
    await calling.hangup();
  };
  const refusedBlind = async (extension: string) => {
    const { one, other, calling, called } = await pair(extension);
    const returning = other.phone.expectCall({}, patience);
    await called.sendDtmf('#100442079460018', 'info');
    const back = await returning;
    expect(back.from).toMatchObject({ display: one.name });
    await hearEachOther(calling, back);
    await dialplan.report('PbRefused', { User: other.id, Path: 'transfer', Number: ABROAD });
    await calling.hangup();
  };
  const refusedAttended = async (extension: string) => {
    const { other, calling, called } = await pair(extension);
    await called.sendDtmf('*200442079460018', 'info');
    await called.until(
      'the refusal',
      () => dialplan.reports.some(({ fields }) => fields.User === other.id),
      patience,
    );
    await hearEachOther(calling, called);
    await calling.hangup();
  };
  await Promise.all([
    blind('rtp', '2100'),
    blind('info', '2200'),
    attended('2300'),
    attendedOutside('2600'),
    refusedBlind('2400'),
    refusedAttended('2500'),
  ]);
  expect(await carrier.callsSoFar()).toHaveLength(before + 1);
});
