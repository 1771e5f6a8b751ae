// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} here is Asterisk's, not JavaScript's
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { BUILT_IN_PROFILES, builtInProfile } from '../../src/domain/dialling/built-in-profiles.ts';
import { compileProfile } from '../../src/domain/dialling/compile-profile.ts';
import { DIAL_PATHS, type DialPath, type DialQuestion, decide } from '../../src/domain/dialling/decide.ts';
import { profileEntries, sharedEntries } from '../../src/domain/dialling/pbx-entries.ts';
import type { DialProfile } from '../../src/domain/dialling/profile.ts';
import { emergencyNumbers, isEmergency, shortCodesOf } from '../../src/domain/dialling/short-codes.ts';
import { countries } from '../../src/domain/dialling/ways.ts';
import { connectToAsterisk } from '../../src/pbx/asterisk-adapter.ts';
import type { Pbx } from '../../src/pbx/port.ts';
import { ODD_STRINGS, randomOddString } from '../support/dialling/odd-strings.ts';
import { formsOf, randomE164, randomNationalE164 } from '../support/dialling/random-numbers.ts';
import { ALL_CLASSES, randomProfile } from '../support/dialling/random-profile.ts';
import { type Random, randomFor } from '../support/random.ts';
import { addExtension } from '../support/test-dialplan.ts';
import { until } from '../support/until.ts';

/**
 * The service explains what a user may dial, the PBX decides it, and they are different programs in different
 * languages. Here a real Asterisk answers the same questions from the entries that the service writes.
 */
const QUESTIONS = 5_000;
const TENANT_COUNTRIES = 48;
/** Asterisk queues an event for each variable set and complains at 100,000 of one channel's: no call sets so many. */
const PER_CHANNEL = 250;

interface Asked extends DialQuestion {
  /** The profile as the PBX finds it; one that was never written stands for a missing profile. */
  readonly profileId: string;
  readonly areaCode: string | null;
}

const asterisk = inject('asterisk');
let pbx: Pbx;

beforeAll(async () => {
  pbx = connectToAsterisk({
    ami: asterisk.ami,
    ari: { baseUrl: asterisk.ari.url, username: asterisk.ari.username, password: asterisk.ari.secret },
    onDefect: (error) => {
      throw error;
    },
  });
  await pbx.link.whenConnected(20_000);
  await addExtension(asterisk.ami, 'pbtest-decide', 'run', LOOP);
  await addExtension(asterisk.ami, 'pbtest-decide', 'idle', LOOP_THAT_DECIDES_NOTHING);
  await addExtension(asterisk.ami, 'pbtest-decide', 'write', LOOP_THAT_WRITES);
  await addExtension(asterisk.ami, 'pbtest-decide', 'wait', ['Wait(600)']);
});

afterAll(async () => {
  for (const family of ['pbtest', 'pb/plan', 'pb/ways', 'pb/short', 'pb/rule', 'pb/profile'])
    await pbx.db.removeTree(family);
  await pbx.link.close();
});

/** Asks pb-emergency and pb-decide each question that stands in AstDB, inside one channel, and writes the answers there. */
const LOOP = [
  'Set(I=${DB(pbtest/from)})',
  'Set(I=$[${I} + 1])',
  'Set(WHO=${DB(pbtest/who/${I})})',
  'GotoIf($["${WHO}" = "" | ${I} > ${DB(pbtest/to)}]?17)',
  // The dialled string stands between two x, because AMI takes blanks off the ends of a value.
  'Set(RAW=${DB(pbtest/dialled/${I})})',
  'Set(PB_DIALLED=${RAW:1:-1})',
  'Set(PB_COUNTRY=${CUT(WHO,:,1)})',
  'Set(PB_PATH=${CUT(WHO,:,2)})',
  'Set(PB_PROFILE=${CUT(WHO,:,3)})',
  'Set(PB_AREA=${CUT(WHO,:,4)})',
  'Gosub(pb-emergency,s,1)',
  'Set(EMERGENCY=${PB_VERDICT})',
  'Gosub(pb-decide,s,1)',
  'Set(ANSWER=${EMERGENCY}:${PB_VERDICT}:${PB_REASON}:${PB_NUMBER}:${PB_CLASS}:${PB_ZONE}:${PB_NATIONAL}:${PB_RULE})',
  'Set(DB(pbtest/answer/${I})=${ANSWER})',
  'Goto(2)',
  'Set(DB(pbtest/done)=${DB(pbtest/to)})',
];
const LOOP_THAT_DECIDES_NOTHING = LOOP.map((line) => (line.startsWith('Gosub') ? 'NoOp()' : line));

/** The number as the country's carriers write it, for trunks that want that. */
const LOOP_THAT_WRITES = LOOP.map((line) => {
  if (line.startsWith('Gosub(pb-emergency')) return 'Set(PB_WRITTEN=${PB_DIALLED})';
  if (line.startsWith('Gosub(pb-decide')) return 'Gosub(pb-national,s,1)';
  return line.startsWith('Set(ANSWER') ? 'Set(ANSWER=${PB_WRITTEN})' : line;
});

test(`the PBX decides ${QUESTIONS} calls from ${TENANT_COUNTRIES} countries as the service explains them`, async () => {
  const random = randomFor('decision agreement');
  const { questions, entries } = drawQuestions(random);
  // One connection may write the entries in any order here: nobody calls yet.
  const report = await pbx.db.write([...sharedEntries(), ...entries]);
  expect(report.failures).toEqual([]);
  const logBefore = readFileSync(asterisk.logFile, 'utf8').length;

  const { answers, cpuMs } = await ask('run', questions);
  const disagreements = questions.flatMap((question, i) => {
    const expected = answerOfService(question);
    return answers[i] === expected
      ? []
      : [{ ...question, profile: question.profileId, service: expected, pbx: answers[i] }];
  });
  expect(disagreements).toEqual([]);

  const reasons = countBy(questions.map((question) => decide(question).reason));
  const classes = countBy(questions.map((question) => decide(question).numberClass ?? 'none'));
  console.log('reasons', reasons, 'classes', classes);
  expect(Object.keys(classes).sort()).toEqual([...ALL_CLASSES, 'none'].sort());
  // No caller's string may make Asterisk complain about the dialplan: that would mean it was read as text of ours.
  const logged = readFileSync(asterisk.logFile, 'utf8').slice(logBefore);
  expect(
    logged.split('\n').filter((line) => /(WARNING|ERROR)/.test(line) && !/taskprocessor/.test(line)),
  ).toEqual([]);

  const idle = await ask('idle', questions);
  const each = ((cpuMs - idle.cpuMs) * 1000) / questions.length;
  console.log(`${each.toFixed(0)} µs of CPU on the PBX for pb-emergency and pb-decide together`);
});

test('the PBX writes numbers as the carriers of a country do', async () => {
  const written = [
    ['FR', '+33142685300', '0142685300'],
    ['FR', '+442079460958', '00442079460958'],
    ['IT', '+390612345678', '0612345678'],
    ['US', '+12125551234', '12125551234'],
    ['US', '+442079460958', '011442079460958'],
    ['RU', '+78005553535', '88005553535'],
    ['HU', '+3612345678', '0612345678'],
    ['AU', '+61212345678', '0212345678'],
    ['FR', '112', '112'],
    ['XX', '+33142685300', '+33142685300'],
  ] as const;
  expect((await pbx.db.write(sharedEntries())).failures).toEqual([]);
  const questions = written.map(([country, dialled]): Asked => {
    return { country, dialled, path: 'dial', profile: null, profileId: '', areaCode: null };
  });
  expect((await ask('write', questions)).answers).toEqual(written.map(([, , expected]) => expected));
});

/** Has the PBX answer all questions and returns the answers in order. */
async function ask(
  extension: string,
  questions: readonly Asked[],
): Promise<{ answers: string[]; cpuMs: number }> {
  await pbx.db.removeTree('pbtest');
  const rows = questions.flatMap(({ country, path, profileId, areaCode, dialled }, i): [string, string][] => [
    [`pbtest/who/${i + 1}`, `${country}:${path}:${profileId}:${areaCode ?? ''}`],
    [`pbtest/dialled/${i + 1}`, `x${dialled}x`],
  ]);
  expect((await pbx.db.write(rows)).failures).toEqual([]);
  const before = cpuMsOf(asterisk.pid);
  for (let from = 0; from < questions.length; from += PER_CHANNEL) await runLoop(extension, from);
  const cpuMs = cpuMsOf(asterisk.pid) - before;
  const found = await pbx.db.readTree('pbtest/answer');
  return { answers: questions.map((_, i) => found.get(`pbtest/answer/${i + 1}`) ?? 'no answer'), cpuMs };
}

async function runLoop(extension: string, from: number): Promise<void> {
  const to = String(from + PER_CHANNEL);
  await pbx.db.write([
    ['pbtest/from', String(from)],
    ['pbtest/to', to],
  ]);
  await pbx.calls.originate({
    channelId: `pbtest-${extension}-${process.pid}-${from}`,
    first: { context: 'pbtest-decide', extension },
    second: { context: 'pbtest-decide', extension: 'wait' },
    callerId: { name: '', number: '' },
    variables: {},
    timeoutSeconds: 120,
  });
  await until('the questions answered', async () => (await pbx.db.get('pbtest/done')) === to, 60_000);
}

/** CPU time that a process has used; its own threads, unlike the clock, do not wait for other tests. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const TICKS_PER_SECOND = 100;
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function answerOfService(question: Asked): string {
  const { verdict, reason, number, numberClass, zone, national, rule } = decide(question);
  const emergency = isEmergencyOnceCleaned(question) ? 'emergency' : '';
  const parts = [emergency, verdict, reason, number, numberClass, zone, national ? 1 : 0, rule];
  return parts.map((part) => part ?? '').join(':');
}

function isEmergencyOnceCleaned({ country, dialled }: Asked): boolean {
  return isEmergency(country, dialled.replace(/[ ().-]/g, ''));
}

function drawQuestions(random: Random): { questions: Asked[]; entries: Map<string, string> } {
  const tenants = shuffled(random, countries()).slice(0, TENANT_COUNTRIES - 6);
  const certain = ['FR', 'US', 'CA', 'IT', 'RU', 'AR'];
  const byCountry = new Map(
    [...new Set([...certain, ...tenants])].map((country) => [country, profilesOf(random, country)]),
  );
  const entries = new Map<string, string>();
  for (const [country, profiles] of byCountry)
    for (const [id, profile] of profiles)
      for (const [path, value] of profileEntries(id, 7, compileProfile(profile, country)))
        entries.set(path, value);

  const questions = Array.from({ length: QUESTIONS }, (_, i): Asked => {
    const country = random.chance(0.005) ? 'XX' : random.pick([...byCountry.keys()]);
    const profiles = byCountry.get(country) ?? byCountry.get('FR')!;
    const missing = random.chance(0.02);
    const profileId = missing ? random.pick(['', 'lost']) : random.pick([...profiles.keys()]);
    return {
      country,
      profileId,
      profile: profiles.get(profileId) ?? null,
      path: random.pick(DIAL_PATHS) as DialPath,
      areaCode: random.chance(0.3) ? '212' : null,
      dialled: i < ODD_STRINGS.length ? ODD_STRINGS[i]! : randomDialled(random, country),
    };
  });
  return { questions, entries };
}

function profilesOf(random: Random, country: string): Map<string, DialProfile> {
  const profiles = BUILT_IN_PROFILES.map((name): [string, DialProfile] => [
    `${country}-${name}`,
    builtInProfile(name),
  ]);
  const custom = Array.from({ length: 4 }, (_, i): [string, DialProfile] => [
    `${country}-${i}`,
    randomProfile(random, country),
  ]);
  return new Map([...profiles, ...custom]);
}

function randomDialled(random: Random, country: string): string {
  const known = country === 'XX' ? 'FR' : country;
  const draw = random.int(100);
  if (draw < 45) return random.pick(formsOf(random, known, randomE164(random)));
  if (draw < 70) return random.pick(formsOf(random, known, randomNationalE164(random, known)));
  if (draw < 76) return random.pick([...emergencyNumbers(known).keys()]);
  if (draw < 86) {
    const codes = [...shortCodesOf(known)].map(([prefix, row]) =>
      prefix.replace('=', '').padEnd(Number(row.split(':')[0]) || 3, random.digits(1)),
    );
    return codes.length > 0 ? random.pick(codes) : random.digits(3);
  }
  if (draw < 94) return random.digits(1 + random.int(16));
  return randomOddString(random);
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  return list
    .map((item) => [random.int(1 << 30), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
