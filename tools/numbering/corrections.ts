/**
 * Where the compiled plan says something else than libphonenumber, and why. The tests compare the plan
 * with libphonenumber number by number; only what stands here may differ.
 */
export interface Correction {
  readonly id: string;
  readonly callingCode: string;
  /** Pattern of the national numbers. */
  readonly national: string;
  /** Only numbers that libphonenumber gives to one of these regions; null: any. */
  readonly regions: readonly string[] | null;
  /** What they become: another zone, another class letter, or nothing at all. */
  readonly becomes: { readonly zone?: string; readonly letter?: string } | 'unassigned';
  readonly reason: string;
}

export const CORRECTIONS: readonly Correction[] = [
  {
    id: 'nanp-976',
    callingCode: '1',
    national: '[2-9]\\d\\d976\\d{4}',
    regions: ['US', 'CA'],
    becomes: { letter: 'p' },
    reason:
      'Exchange 976 is premium ("information delivery service") in every area code of the USA and Canada: 359 and ' +
      '56 of them in the metadata, which call it fixed-or-mobile. Elsewhere in calling code 1 it is an ordinary ' +
      'exchange (876-976 are homes in Kingston, Jamaica), so no other region is touched.',
  },
  {
    id: 'nanp-310',
    callingCode: '1',
    national: '310\\d{4}',
    regions: ['CA'],
    becomes: 'unassigned',
    reason:
      "Canada's 310-XXXX has seven digits and exists inside Canada only: no number of calling code 1 has eight " +
      "digits in all. It is dialled as it is written, so it stands among Canada's short codes.",
  },
  {
    id: 'monaco-kosovo',
    callingCode: '377',
    national: '4[45]\\d{6}',
    regions: ['MC'],
    becomes: { zone: '+37744' },
    reason:
      "Kosovo's mobiles lived in Monaco's code until it got +383 (2016 to 2017). What still answers there is neither " +
      'Monaco nor cheap: a zone of its own, among the high-risk ones.',
  },
  {
    id: 'san-marino-by-italy',
    callingCode: '39',
    national: '0549\\d{1,12}',
    regions: ['IT'],
    becomes: { zone: 'SM' },
    reason: "San Marino is reached through Italy's code with 0549; the call is billed as one to San Marino.",
  },
  {
    id: 'abkhazia',
    callingCode: '7',
    national: '(?:840|940)\\d{7}',
    regions: ['RU'],
    becomes: { zone: '+7940' },
    reason:
      'Abkhazia uses +7 840 and +7 940, billed far above Russia: a zone of its own, among the high-risk ones.',
  },
];

/**
 * The one correction that is not a list of numbers. Regions that share a calling code also share numbers:
 * libphonenumber gives a Canadian's +1 800 to the USA and a mobile of Åland to Finland, because it takes
 * the first region whose patterns match. A number that two or more of them claim belongs to a zone named
 * after the code (`+1`, `+358`), which is national for each of the code's regions. Its country, where one must be named,
 * is the code's main region, which is what libphonenumber answers, but for one case:
 * numbers that only minor regions claim (Saint-Barthélemy and Saint-Martin in +590).
 */
export const SHARED_ZONE_REASON = 'claimed by several regions of the calling code';
