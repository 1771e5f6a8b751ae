import type { CompiledProfile, RankedAction } from './compile-profile.ts';
import { letterOfClass, NUMBER_CLASSES } from './number-class.ts';
import { planRows } from './plan.ts';
import { isNational } from './profile.ts';
import { HOLE, once } from './rows.ts';
import { ANY_COUNTRY, emergencyNumbers, shortCodesOf } from './short-codes.ts';
import { callingCodes, countries, waysOf } from './ways.ts';
import { groupOf, ZONES } from './zones.ts';

/**
 * What the PBX needs to decide by itself, as AstDB entries: path (`family/key`, no leading slash) → value. Which
 * rows there are, with examples, is in docs/dialling.md. Each field of a value ends in `/`, so that decide.conf can
 * take the fields of the first of several values that stand in a row.
 */
export type Entries = Map<string, string>;

/** The numbering plan, 36,000 entries, under a version that is a hash of them; `pb/plan/current` names it. */
export const planEntries: () => ReadonlyMap<string, string> = once(() => {
  const rows: [string, string][] = [];
  for (const [prefix, value] of planRows()) rows.push([prefix, fields(value === HOLE ? '-:0:-' : value)]);
  for (const zone of ZONES) rows.push([`group/${zone}`, groupOf(zone)]);
  for (const code of callingCodes()) rows.push([`code/${code}`, fields(String(code.length))]);

  const version = hashOf(rows);
  const entries: Entries = new Map(rows.map(([key, value]) => [`pb/plan/${version}/${key}`, value]));
  for (const name of NUMBER_CLASSES) entries.set(`pb/plan/class/${letterOfClass(name)}`, name);
  // Last, so that whoever writes in this order makes the plan current when it is complete.
  entries.set('pb/plan/current', version);
  return entries;
});

/** Sixteen hexadecimal digits; two FNV-like halves, because the domain has no cryptography and needs none here. */
function hashOf(rows: readonly (readonly [string, string])[]): string {
  let first = 0x811c9dc5;
  let second = 0x01000193;
  for (const [key, value] of rows)
    for (const character of `${key} ${value}\n`) {
      const code = character.codePointAt(0)!;
      first = Math.imul(first ^ code, 0x01000193);
      second = Math.imul(second + code, 0x85ebca6b) ^ (second >>> 13);
    }
  return [first, second].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** How numbers are dialled in a country. Empty for a country that is not known: the PBX then refuses all but emergency. */
export function waysEntries(country: string): Entries {
  const entries: Entries = new Map();
  for (const [key, value] of waysOf(country) ?? []) entries.set(`pb/ways/${country}/${key}`, fields(value));
  for (const zone of ZONES)
    if (isNational(zone, country)) entries.set(`pb/ways/${country}/national/${zone}`, '1');
  return entries;
}

/** Emergency numbers and short codes of a country. */
export function shortEntries(country: string): Entries {
  const entries: Entries = new Map();
  for (const [dialled, sent] of emergencyNumbers(country))
    entries.set(`pb/short/emergency/${country}/${dialled}`, sent);
  for (const [prefix, value] of shortCodesOf(country))
    entries.set(`pb/short/code/${country}/${prefix}`, fields(value === HOLE ? '0:-' : value));
  return entries;
}

/** All that is the same on every PBX: the plan, and for every country its ways, emergency numbers and short codes. */
export const sharedEntries: () => ReadonlyMap<string, string> = once(() => {
  const entries: Entries = new Map();
  const add = (more: ReadonlyMap<string, string>): void => {
    for (const [path, value] of more) entries.set(path, value);
  };
  for (const country of countries()) {
    add(waysEntries(country));
    add(shortEntries(country));
  }
  // 112 and 911 for users whose country is missing from their record.
  add(shortEntries(ANY_COUNTRY));
  add(planEntries());
  return entries;
});

/**
 * A revision of a profile. Its rows stand under the revision's own name, and the last entry, `pb/profile/<id>` =
 * `revision/number of custom prefixes/`, makes it current: a change is one put. Write the entries in this order, or a
 * call between two puts could meet the new revision without its deny rows.
 */
export function profileEntries(profileId: string, revision: number, compiled: CompiledProfile): Entries {
  const entries: Entries = new Map();
  const rows = `pb/rule/${profileId}.${revision}`;
  for (const [key, answer] of compiled.classes) entries.set(`${rows}/${key}`, entryValue(answer));
  for (const [prefix, answer] of compiled.prefixes) entries.set(`${rows}/p${prefix}`, entryValue(answer));
  entries.set(`pb/profile/${profileId}`, fields(`${revision}:${compiled.prefixes.size}`));
  return entries;
}

function entryValue({ rank, action }: RankedAction): string {
  return fields(`${rank}:${action}`);
}

/** `a:b` as `a/b/`. */
function fields(value: string): string {
  return `${value.replaceAll(':', '/')}/`;
}
