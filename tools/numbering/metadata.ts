import metadata from 'libphonenumber-js/max/metadata';

/** A type of number in libphonenumber's metadata: what it matches, and the lengths it may have. */
export interface TypePattern {
  readonly pattern: string;
  readonly lengths: readonly number[];
}

/**
 * One region's numbering rules, as packed by libphonenumber-js (metadata version 4; the order of the
 * array is in its `source/metadata.js`). `types` is in the order of `TYPE_ORDER` below.
 */
export interface Region {
  /** ISO 3166 alpha-2, or `001` for a calling code that belongs to no country. */
  readonly code: string;
  readonly callingCode: string;
  readonly internationalPrefix: string;
  /** The one to write where there are several; null where the metadata names none. */
  readonly preferredInternationalPrefix: string | null;
  readonly general: string;
  readonly lengths: readonly number[];
  readonly nationalPrefix: string | null;
  readonly nationalPrefixForParsing: string | null;
  readonly nationalPrefixTransform: string | null;
  readonly leadingDigits: string | null;
  readonly types: readonly (TypePattern | null)[];
  /** libphonenumber cannot tell fixed from mobile: the mobile pattern is the fixed one, left out. */
  readonly fixedIsAlsoMobile: boolean;
}

type Packed = readonly unknown[];
interface PackedMetadata {
  readonly countries: Record<string, Packed>;
  readonly nonGeographic: Record<string, Packed>;
  readonly country_calling_codes: Record<string, string[]>;
}

const packed = metadata as unknown as PackedMetadata;

/** Position of each type in the packed array; `libphonenumber-js/source/metadata.js`, getType(). */
export const TYPE_POSITION = {
  FIXED_LINE: 0,
  MOBILE: 1,
  TOLL_FREE: 2,
  PREMIUM_RATE: 3,
  PERSONAL_NUMBER: 4,
  VOICEMAIL: 5,
  UAN: 6,
  PAGER: 7,
  VOIP: 8,
  SHARED_COST: 9,
} as const;

function unpack(code: string, row: Packed): Region {
  const text = (position: number): string | null => (row[position] as string | 0) || null;
  const lengths = row[3] as number[];
  const types = (row[11] as (Packed | 0)[] | undefined) ?? [];
  return {
    code,
    callingCode: row[0] as string,
    internationalPrefix: text(1) ?? '',
    preferredInternationalPrefix: text(12),
    general: row[2] as string,
    lengths,
    nationalPrefix: text(5),
    nationalPrefixForParsing: text(7) ?? text(5),
    nationalPrefixTransform: text(8),
    leadingDigits: text(10),
    types: types.map((type) => {
      const [pattern, typeLengths] = (type || []) as [string?, number[]?];
      return pattern ? { pattern, lengths: typeLengths ?? lengths } : null;
    }),
    fixedIsAlsoMobile: !types[1] || types[1][0] === '',
  };
}

/** Calling code → its regions, the main one first, then in the order in which libphonenumber asks them. */
export function regionsByCallingCode(): Map<string, Region[]> {
  const result = new Map<string, Region[]>();
  for (const [callingCode, codes] of Object.entries(packed.country_calling_codes))
    result.set(
      callingCode,
      codes.map((code) => unpack(code, packed.countries[code]!)),
    );
  for (const [callingCode, row] of Object.entries(packed.nonGeographic))
    result.set(callingCode, [unpack('001', row)]);
  return result;
}
