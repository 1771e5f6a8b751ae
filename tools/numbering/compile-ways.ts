import { automatonOf, type State, wordsOf } from './automata.ts';
import { type Region, regionsByCallingCode } from './metadata.ts';
import { waysByHand } from './ways-by-hand.ts';

/**
 * What to do with dialled digits that begin with a row's prefix: take `strip` digits away and put
 * `prepend` before the rest, which gives the number in E.164 without its plus.
 */
interface Way {
  readonly strip: number;
  readonly prepend: string;
}

/** Luxembourg's carrier selection, 15XX0 to 15XX9, has 150 entries; Uruguay's international prefixes 71. */
const MOST_PREFIXES = 200;

/** The row for everything that no other row covers. */
const ANYTHING = 'any';

/** The row that says how numbers are written for a carrier of the country: `national prefix:international prefix`. */
const WRITTEN = 'written';

/** Country → (prefix, or `prefix=length` for strings of exactly that length, or `any`) → `strip:prepend[:area]`. */
export function compileWays(): Map<string, Map<string, string>> {
  const byCountry = new Map<string, Map<string, string>>();
  for (const region of [...regionsByCallingCode().values()].flat()) {
    if (region.code === '001') continue;
    byCountry.set(region.code, compileCountry(region));
  }
  return new Map([...byCountry].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function compileCountry(region: Region): Map<string, string> {
  const rows = new Map<string, string>();
  const put = (key: string, { strip, prepend }: Way): void => {
    rows.set(key, `${strip}:${prepend}`);
  };
  put(ANYTHING, { strip: 0, prepend: region.callingCode });
  const byHand = waysByHand(region);
  if (!byHand?.replacesTrunkPrefixes) compileTrunkPrefixes(region, put);
  // An international prefix wins over a national reading of the same digits, as in libphonenumber.
  const international =
    byHand?.internationalPrefixes ?? wordsOf(automatonOf(region.internationalPrefix), MOST_PREFIXES);
  const national = new Map(rows);
  for (const prefix of international) {
    put(prefix, { strip: prefix.length, prepend: '' });
    // But no calling code begins with 0, so what follows is no number abroad: Chile's 1230 is a carrier, 1230 0… is free.
    const way = nationalReading(region, national, `${prefix}0`);
    if (way !== null) rows.set(`${prefix}0`, way);
  }
  for (const [key, value] of byHand?.rows ?? []) rows.set(key, value);
  const usual = international.includes('00') ? '00' : international[0]!;
  rows.set(
    WRITTEN,
    `${region.nationalPrefix ?? ''}:${(region.preferredInternationalPrefix ?? usual).replace('~', '')}`,
  );
  return rows;
}

/** The national way for strings that begin with `digits`, or null where no national number begins so. */
function nationalReading(region: Region, rows: ReadonlyMap<string, string>, digits: string): string | null {
  const prefixes = Array.from(digits, (_, index) => digits.slice(0, digits.length - index));
  const way = rows.get(prefixes.find((prefix) => rows.has(prefix)) ?? ANYTHING)!;
  let state: State | null = automatonOf(region.general);
  for (const digit of digits.slice(Number(way.split(':')[0]))) state = state?.next[Number(digit)] ?? null;
  return state && way;
}

/** National prefixes, carrier selection and local dialling: `nationalPrefixForParsing`, alternative by alternative. */
function compileTrunkPrefixes(region: Region, put: (key: string, way: Way) => void): void {
  for (const alternative of alternativesOf(region.nationalPrefixForParsing ?? '')) {
    const local = /^\((\d|\[[\d-]+\])\\d\{(\d)\}\)\$$/.exec(alternative);
    if (local) {
      // `([2-9]\d{6})$` → `246$1`: seven digits that begin with 2 to 9 are a local number of area 246.
      const area = region.nationalPrefixTransform!.replace('$1', '');
      const length = Number(local[2]) + 1;
      for (const digit of wordsOf(automatonOf(local[1]!), 10))
        put(`${digit}=${length}`, { strip: 0, prepend: region.callingCode + area });
      continue;
    }
    for (const prefix of wordsOf(automatonOf(alternative), MOST_PREFIXES)) {
      put(prefix, { strip: prefix.length, prepend: region.callingCode });
      for (const length of lengthsKeptWhole(region, prefix))
        put(`${prefix}=${length}`, { strip: 0, prepend: region.callingCode });
    }
  }
}

/**
 * The lengths at which dialled digits that begin with the national prefix are a whole number all the same
 * (Russia: 8 926 123 45 67 has a prefix, 800 555 35 35 has none). libphonenumber's rule: a prefix is not taken
 * away from what is a viable number, unless a viable number remains.
 */
function lengthsKeptWhole(region: Region, prefix: string): number[] {
  const whole = automatonOf(region.general);
  let afterPrefix: State | null = whole;
  for (const digit of prefix) afterPrefix = afterPrefix?.next[Number(digit)] ?? null;
  // Thailand's 001 800, India's 000 800 and the like: `00…` is read as an international prefix instead.
  if (prefix === '0' && afterPrefix)
    afterPrefix = { ...afterPrefix, id: -1, next: afterPrefix.next.with(0, null) };

  const kept = new Set<number>();
  const stripped = new Set<number>();
  const seen = new Set<string>();
  const visit = (asWhole: State | null, asRest: State | null, length: number): void => {
    const key = `${asWhole?.id}:${asRest?.id}:${length}`;
    if ((!asWhole && !asRest) || seen.has(key)) return;
    seen.add(key);
    if (asRest?.accepts) stripped.add(length);
    else if (asWhole?.accepts) kept.add(length);
    for (let digit = 0; digit < 10; digit += 1)
      visit(asWhole?.next[digit] ?? null, asRest?.next[digit] ?? null, length + 1);
  };
  visit(afterPrefix, whole, prefix.length);
  const unclear = [...kept].filter((length) => stripped.has(length));
  if (unclear.length > 0)
    throw new Error(
      `${region.code}: prefix ${prefix} cannot be told by length (${unclear}): write rows by hand`,
    );
  return [...kept].sort((a, b) => a - b);
}

/** The alternatives of a pattern, split at its outermost bars. */
function alternativesOf(pattern: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of pattern) {
    if ('(['.includes(character)) depth += 1;
    if (')]'.includes(character)) depth -= 1;
    if (character === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.filter((part) => part !== '');
}
