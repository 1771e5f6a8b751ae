import { createRequire } from 'node:module';
import { automatonOf, type State, wordsOf } from './automata.ts';
import { EMERGENCY_ADDITIONS, EMERGENCY_ANYWHERE } from './emergency.ts';
import { compilePrefixTable, type States } from './prefix-table.ts';
import { SHORT_CODE_CORRECTIONS } from './short-code-corrections.ts';

/** The part of google-libphonenumber's metadata objects that is used here. Its public API answers per number only. */
interface NumberDescription {
  getNationalNumberPattern(): string | null;
}
interface ShortNumberMetadata {
  getShortCode(): NumberDescription | null;
  getEmergency(): NumberDescription | null;
  getTollFree(): NumberDescription | null;
  getPremiumRate(): NumberDescription | null;
  getSmsServices(): NumberDescription | null;
}
interface ShortNumberInfo {
  getSupportedRegions(): string[];
  getMetadataForRegion_(country: string): ShortNumberMetadata;
}

const google = createRequire(import.meta.url)('google-libphonenumber') as {
  ShortNumberInfo: { getInstance(): ShortNumberInfo };
};

/** No emergency number is so long and no country has so many (Gabon has 102: 13XX). A guard against a pattern misread. */
const MOST_EMERGENCY_NUMBERS = 150;

/** Country → emergency number as dialled → number to send. `any` is for a country that is not known. */
export function compileEmergencyNumbers(): Map<string, Map<string, string>> {
  const byCountry = new Map<string, Map<string, string>>();
  const add = (country: string, dialled: string, sent: string): void => {
    const numbers = byCountry.get(country) ?? new Map<string, string>();
    byCountry.set(country, numbers.set(dialled, sent));
  };
  for (const [country, metadata] of shortNumberMetadata()) {
    const pattern = patternOf(metadata.getEmergency());
    if (pattern === '') continue;
    for (const number of wordsOf(automatonOf(pattern), MOST_EMERGENCY_NUMBERS)) add(country, number, number);
  }
  for (const { countries, numbers } of EMERGENCY_ADDITIONS)
    for (const country of countries.split(' '))
      for (const entry of numbers.split(' ')) {
        const [dialled, sent] = entry.split('>') as [string, string?];
        add(country, dialled, sent ?? dialled);
      }
  for (const number of EMERGENCY_ANYWHERE) add('any', number, number);
  return byCountry;
}

/** India lists "short" codes of up to ten digits; every digit more would cost the PBX a lookup for every call. */
const LONGEST_SHORT_CODE = 8;

/**
 * Country → prefix (or `=code`, for exactly this code) → `length:mask`, as in the numbering plan. Codes
 * for text messages are left out unless they are free: nobody answers there. (Where a code is for both, it is
 * refused; a custom prefix rule cannot name it either, which is the safe side of not knowing.)
 */
export function compileShortCodes(): Map<string, Map<string, string>> {
  const byCountry = new Map<string, Map<string, string>>();
  for (const [country, metadata] of shortNumberMetadata()) {
    const rows = new Map<string, string>();
    for (const [prefix, value] of compileCountry(country, metadata))
      rows.set(prefix, value === '-' ? value : value.slice(value.indexOf(':') + 1));
    if (rows.size > 0) byCountry.set(country, rows);
  }
  return byCountry;
}

function compileCountry(country: string, metadata: ShortNumberMetadata): Map<string, string> {
  const corrections = SHORT_CODE_CORRECTIONS.filter(({ countries }) =>
    countries.split(' ').includes(country),
  );
  const start: States = [
    ...[
      metadata.getShortCode(),
      metadata.getPremiumRate(),
      metadata.getTollFree(),
      metadata.getSmsServices(),
    ].map((description) => automatonOrNull(patternOf(description))),
    ...corrections.map((correction) => automatonOf(correction.pattern)),
  ];
  const outcome = (states: States, length: number): string => {
    if (length > LONGEST_SHORT_CODE) return '';
    const [known, premium, tollFree, text, ...corrected] = states.map((state) => state?.accepts === true);
    const index = (corrected as boolean[]).indexOf(true);
    const correction = corrections[index];
    if (correction && (known || correction.evenIfUnknown))
      return correction.letter === null ? '' : `${country}:${correction.letter}`;
    if (!known) return '';
    if (tollFree) return `${country}:t`;
    if (text) return '';
    return `${country}:${premium ? 'p' : 'h'}`;
  };
  return compilePrefixTable(start, outcome, '');
}

function shortNumberMetadata(): [string, ShortNumberMetadata][] {
  const info = google.ShortNumberInfo.getInstance();
  return info
    .getSupportedRegions()
    .sort()
    .map((country) => [country, info.getMetadataForRegion_(country)]);
}

function patternOf(description: NumberDescription | null): string {
  return description?.getNationalNumberPattern() ?? '';
}

function automatonOrNull(pattern: string): State | null {
  return pattern === '' ? null : automatonOf(pattern);
}
