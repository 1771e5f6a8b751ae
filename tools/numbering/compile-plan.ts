import { automatonOf, type State } from './automata.ts';
import { CORRECTIONS, type Correction } from './corrections.ts';
import { type Region, regionsByCallingCode, TYPE_POSITION } from './metadata.ts';
import { compilePrefixTable, type States } from './prefix-table.ts';

/**
 * libphonenumber's own order (`getNumberType`): fixed first, then these; with the class letters of
 * src/domain/dialling/number-class.ts.
 */
const TYPES_AFTER_FIXED: readonly [keyof typeof TYPE_POSITION, string][] = [
  ['MOBILE', 'm'],
  ['PREMIUM_RATE', 'p'],
  ['TOLL_FREE', 't'],
  ['SHARED_COST', 's'],
  ['VOIP', 'v'],
  ['PERSONAL_NUMBER', 'n'],
  ['PAGER', 'g'],
  ['UAN', 'u'],
  ['VOICEMAIL', 'b'],
];

/** Positions of one region's automata in the states: general, leading digits, then the ten types. */
const GENERAL = 0;
const LEADING = 1;
const FIRST_TYPE = 2;
const PER_REGION = FIRST_TYPE + Object.keys(TYPE_POSITION).length;

/** Rows of the whole world, `prefix → zone:length:mask` (see compilePrefixTable), in order of the prefixes. */
export function compilePlan(): Map<string, string> {
  const rows: [string, string][] = [];
  for (const [callingCode, regions] of regionsByCallingCode())
    for (const [prefix, value] of compileCallingCode(callingCode, regions)) {
      if (prefix.startsWith('=')) throw new Error(`+${prefix.slice(1)} is a number and a prefix of others`);
      rows.push([prefix, value]);
    }
  return new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function compileCallingCode(callingCode: string, regions: readonly Region[]): Map<string, string> {
  const corrections = CORRECTIONS.filter((correction) => correction.callingCode === callingCode);
  const start: States = [
    ...regions.flatMap(automataOf),
    ...corrections.map((correction) => automatonOf(correction.national)),
  ];
  const outcome = (states: States, length: number): string => {
    const matching = corrections.filter((_, i) => states[regions.length * PER_REGION + i]?.accepts);
    const asLibrary = outcomeOf(callingCode, regions, states, length);
    return matching.reduce(corrected, asLibrary);
  };
  return compilePrefixTable(start, outcome, callingCode);
}

function automataOf(region: Region): (State | null)[] {
  return [
    automatonOf(region.general),
    // Bounded, so that the automaton ends: no number has more than 17 digits.
    region.leadingDigits === null ? null : automatonOf(`(?:${region.leadingDigits})\\d{0,17}`),
    ...Array.from({ length: PER_REGION - FIRST_TYPE }, (_, i) => {
      const type = region.types[i];
      return type ? automatonOf(type.pattern) : null;
    }),
  ];
}

/** `zone:letter`, or '' when libphonenumber calls the number invalid. */
function outcomeOf(callingCode: string, regions: readonly Region[], states: States, length: number): string {
  const letters = regions.map((region, index) => letterIn(region, states, index * PER_REGION, length));
  const claimants = letters.filter((letter) => letter !== '').length;
  const chosen = regions.findIndex((region, index) =>
    region.leadingDigits === null || regions.length === 1
      ? letters[index] !== ''
      : states[index * PER_REGION + LEADING]?.accepts,
  );
  const letter = letters[chosen] ?? '';
  if (letter === '') return '';
  const shared = claimants > 1 || regions[chosen]!.code === '001';
  return `${shared ? `+${callingCode}` : regions[chosen]!.code}:${letter}`;
}

/** The class of the number in one region, as libphonenumber's getNumberType() finds it; '' for none. */
function letterIn(region: Region, states: States, at: number, length: number): string {
  if (!states[at + GENERAL]?.accepts) return '';
  const is = (type: keyof typeof TYPE_POSITION): boolean => {
    const position = TYPE_POSITION[type];
    return (
      states[at + FIRST_TYPE + position]?.accepts === true && region.types[position]!.lengths.includes(length)
    );
  };
  if (is('FIXED_LINE')) return region.fixedIsAlsoMobile || is('MOBILE') ? 'x' : 'f';
  return TYPES_AFTER_FIXED.find(([type]) => is(type))?.[1] ?? '';
}

function corrected(outcome: string, correction: Correction): string {
  if (outcome === '') return '';
  const [zone, letter] = outcome.split(':') as [string, string];
  if (correction.regions && !correction.regions.includes(zone)) return outcome;
  if (correction.becomes === 'unassigned') return '';
  return `${correction.becomes.zone ?? zone}:${correction.becomes.letter ?? letter}`;
}
