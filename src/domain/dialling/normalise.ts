import { type GateReason, passGate } from './gate.ts';
import type { NumberClass } from './number-class.ts';
import { type Classification, classify } from './plan.ts';
import { classOfShortCode, emergencyNumbers } from './short-codes.ts';
import { callingCodeIn, translate, waysOf } from './ways.ts';

export type NormaliseReason = GateReason | 'country-unknown' | 'area-code-needed' | 'service-code-unknown';

/** What a dialled string means. `number` is what to send to the carrier: `+` and digits, or the code as it is. */
export type Meaning =
  | { readonly kind: 'refused'; readonly reason: NormaliseReason }
  | { readonly kind: 'emergency'; readonly number: string }
  | { readonly kind: 'short-code'; readonly number: string; readonly numberClass: NumberClass }
  | { readonly kind: 'number'; readonly number: string; readonly classification: Classification };

/**
 * All forms of a number, as dialled in a country, become one: `+33…`, `0033…`, `0…`, with or without spaces,
 * dashes, dots and parentheses. Emergency numbers come first, then short codes, then the ways of dialling.
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
  if (/[*#]/.test(dialled)) return { kind: 'refused', reason: 'service-code-unknown' };

  const shortClass = classOfShortCode(country, dialled);
  if (shortClass !== null) return { kind: 'short-code', number: dialled, numberClass: shortClass };

  const translation = dialled.startsWith('+')
    ? ({ ok: true, e164: dialled.slice(1) } as const)
    : translate(country, dialled, areaCode);
  if (!translation.ok) return { kind: 'refused', reason: translation.reason };
  return theNumber(translation.e164);
}

/**
 * `+44 (0)20 7946 0958`: the zero is for those who call inside the country. It is taken away only from what is no
 * number as it stands, because in Italy and elsewhere the zero belongs to the number.
 */
function theNumber(e164: string): Meaning {
  const asWritten = classify(e164);
  const code = callingCodeIn(e164);
  if (!asWritten.assigned && code !== null && e164[code.length] === '0') {
    const without = code + e164.slice(code.length + 1);
    const classification = classify(without);
    if (classification.assigned) return { kind: 'number', number: `+${without}`, classification };
  }
  return { kind: 'number', number: `+${e164}`, classification: asWritten };
}
