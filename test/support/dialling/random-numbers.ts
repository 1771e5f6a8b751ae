import { planRows } from '../../../src/domain/dialling/plan.ts';
import { callingCodeOf, waysOf } from '../../../src/domain/dialling/ways.ts';
import type { Random } from '../random.ts';

interface Range {
  readonly prefix: string;
  /** Total lengths of the numbers of this class. */
  readonly lengths: readonly number[];
}

/** Ranges of the plan by class letter, then by zone. */
const ranges = new Map<string, Map<string, Range[]>>();

function readRanges(): void {
  for (const [prefix, row] of planRows()) {
    const [zone, first, mask] = row.split(':') as [string, string?, string?];
    if (mask === undefined) continue;
    for (const letter of new Set(mask.replaceAll('-', ''))) {
      const lengths = [...mask].flatMap((other, i) => (other === letter ? [Number(first) + i] : []));
      const byZone = ranges.get(letter) ?? new Map<string, Range[]>();
      ranges.set(letter, byZone);
      byZone.set(zone, [...(byZone.get(zone) ?? []), { prefix, lengths }]);
    }
  }
}

/** E.164 digits of a number drawn evenly over the classes, then the zones that have the class, then their ranges. */
export function randomE164(random: Random): string {
  if (ranges.size === 0) readRanges();
  const byZone = ranges.get(random.pick([...ranges.keys()]))!;
  const { prefix, lengths } = random.pick(byZone.get(random.pick([...byZone.keys()]))!);
  return prefix + random.digits(Math.max(0, random.pick(lengths) - prefix.length));
}

/** E.164 digits of a number of the country, evenly over its ranges. */
export function randomNationalE164(random: Random, country: string): string {
  if (ranges.size === 0) readRanges();
  const own = [...ranges.values()].flatMap((byZone) => byZone.get(country) ?? []);
  if (own.length === 0) return randomE164(random);
  const { prefix, lengths } = random.pick(own);
  return prefix + random.digits(Math.max(0, random.pick(lengths) - prefix.length));
}

/** The ways in which people in a country write and dial a number. */
export function formsOf(random: Random, country: string, e164: string): string[] {
  const rows = waysOf(country)!;
  const code = callingCodeOf(country)!;
  const international = [...rows].filter(([key, value]) => /^\d+$/.test(key) && value.endsWith(':'));
  const forms = [`+${e164}`, ...international.map(([prefix]) => prefix + e164)];
  if (e164.startsWith(code)) {
    const national = e164.slice(code.length);
    const trunk = rows.get('written')!.split(':')[0];
    forms.push(national, trunk + national, `+${code}(0)${national}`, `+${code}0${national}`);
  }
  return forms.map((form) => (random.chance(0.5) ? form : separated(random, form)));
}

function separated(random: Random, digits: string): string {
  return [...digits]
    .map((digit) => digit + (random.chance(0.3) ? random.pick([' ', '-', '.', '(', ')']) : ''))
    .join('');
}
