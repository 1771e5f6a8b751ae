import type { CompiledProfile, RankedAction } from './compile-profile.ts';
import { planRows } from './plan.ts';
import { isNational } from './profile.ts';
import { once } from './rows.ts';
import { ANY_COUNTRY, emergencyNumbers, shortCodesOf } from './short-codes.ts';
import { callingCodes, countries, waysOf } from './ways.ts';
import { groupOf, ZONES } from './zones.ts';

/**
 * What the PBX needs to decide by itself, as AstDB entries: path (`family/key`, no leading slash) → value. Which
 * rows there are, with examples, is in docs/dialling.md. Values that decide.conf finds by longest prefix end in `/`,
 * so that it can take the first of several that stand in a row.
 */
export type Entries = Map<string, string>;

/** The numbering plan, 36,000 entries, under a version that is a hash of its content; `pb/plan/current` names it. */
export const planEntries: () => ReadonlyMap<string, string> = once(() => {
  const version = planVersion();
  const entries: Entries = new Map();
  for (const [prefix, value] of planRows()) entries.set(`pb/plan/${version}/${prefix}`, `${value}/`);
  for (const zone of ZONES) entries.set(`pb/plan/${version}/group/${zone}`, groupOf(zone));
  for (const code of callingCodes()) entries.set(`pb/plan/${version}/code/${code}`, `${code.length}/`);
  // Last, so that whoever writes in this order makes the plan current when it is complete.
  entries.set('pb/plan/current', version);
  return entries;
});

/** Sixteen hexadecimal digits that change with any row of the plan. */
export const planVersion: () => string = once(() => {
  const hash = [0x811c9dc5, 0x01000193];
  const add = (text: string): void => {
    for (let i = 0; i < text.length; i += 1) {
      hash[0] = Math.imul(hash[0]! ^ text.charCodeAt(i), 0x01000193);
      hash[1] = Math.imul(hash[1]! + text.charCodeAt(i), 0x85ebca6b) ^ (hash[1]! >>> 13);
    }
  };
  for (const [prefix, value] of planRows()) add(`${prefix} ${value}\n`);
  for (const zone of ZONES) add(`${zone} ${groupOf(zone)}\n`);
  for (const code of callingCodes()) add(`${code}\n`);
  return hash.map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
});

/** How numbers are dialled in a country. Empty for a country that is not known: the PBX then refuses all but emergency. */
export function waysEntries(country: string): Entries {
  const entries: Entries = new Map();
  for (const [key, value] of waysOf(country) ?? []) entries.set(`pb/ways/${country}/${key}`, `${value}/`);
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
    entries.set(`pb/short/code/${country}/${prefix}`, `${value}/`);
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
 * `revision:number of custom prefixes`, makes it current: a change is one put. Write the entries in this order, or a
 * call between two puts could meet the new revision without its deny rows.
 */
export function profileEntries(profileId: string, revision: number, compiled: CompiledProfile): Entries {
  const entries: Entries = new Map();
  const rows = `pb/rule/${profileId}.${revision}`;
  for (const [key, answer] of compiled.classes) entries.set(`${rows}/${key}`, entryValue(answer));
  for (const [prefix, answer] of compiled.prefixes) entries.set(`${rows}/p${prefix}`, entryValue(answer));
  entries.set(`pb/profile/${profileId}`, `${revision}:${compiled.prefixes.size}`);
  return entries;
}

function entryValue({ rank, action }: RankedAction): string {
  return `${rank}:${action}/`;
}
