import { type GateReason, passGate } from './gate.ts';
import type { NumberClass } from './number-class.ts';
import { type Classification, classify } from './plan.ts';
import { classOfShortCode, emergencyNumbers } from './short-codes.ts';
import { translate, waysOf } from './ways.ts';

export type NormaliseReason = GateReason | 'country-unknown' | 'area-code-needed' | 'service-code-unknown';

/** What a dialled string means. `number` is what to send to the carrier: `+` and digits, or the code as it is. */
export type Meaning =
  | { readonly kind: 'refused'; readonly reason: NormaliseReason }
  | { readonly kind: 'emergency'; readonly number: string }
  | { readonly kind: 'short-code'; readonly number: string; readonly numberClass: NumberClass }
  | { readonly kind: 'number'; readonly number: string; readonly classification: Classification };

/**
 * All forms of a number, as dialled in a country, become one: `+33…`, `0033…`, `0…`, with or without spaces,
 * dashes, dots, slashes and parentheses. Emergency numbers come first, then short codes, then the ways of dialling.
 *
 * @param areaCode see translate()
 */
export function normalise(country: string, raw: string, areaCode: string | null = null): Meaning {
  const gate = passGate(raw);
  if (!gate.ok) return { kind: 'refused', reason: gate.reason };
  const { dialled } = gate;

  const emergency = emergencyNumbers(country).get(dialled);
  if (emergency !== undefined) return { kind: 'emergency', number: emergency };

  if (!waysOf(country)) return { kind: 'refused', reason: 'country-unknown' };

  const shortClass = classOfShortCode(country, dialled);
  if (shortClass !== null) return { kind: 'short-code', number: dialled, numberClass: shortClass };
  if (/[*#]/.test(dialled)) return { kind: 'refused', reason: 'service-code-unknown' };

  const asWritten = readNumber(country, dialled, areaCode);
  if (gate.withoutZero === null || asWritten.kind === 'refused' || asWritten.classification.assigned)
    return asWritten;
  // `+44 (0)20…`: the zero is for those who call inside the country. In Italy it belongs to the number, so the
  // number as written is tried first.
  return readNumber(country, gate.withoutZero, areaCode);
}

type Read = Extract<Meaning, { kind: 'refused' | 'number' }>;

function readNumber(country: string, dialled: string, areaCode: string | null): Read {
  const translation = dialled.startsWith('+')
    ? ({ ok: true, e164: dialled.slice(1) } as const)
    : translate(country, dialled, areaCode);
  if (!translation.ok) return { kind: 'refused', reason: translation.reason };
  const number = `+${translation.e164}`;
  return { kind: 'number', number, classification: classify(number) };
}
