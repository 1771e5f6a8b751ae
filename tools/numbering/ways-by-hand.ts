import { automatonOf, wordsOf } from './automata.ts';
import type { Region } from './metadata.ts';

/** What cannot be read off libphonenumber's metadata as rows, or should not be. */
interface WaysByHand {
  /** The rows below stand instead of the ones from `nationalPrefixForParsing`. */
  readonly replacesTrunkPrefixes: boolean;
  /** Instead of all strings of `internationalPrefix`. */
  readonly internationalPrefixes?: readonly string[];
  /** `prefix`, `prefix=length` or `any` → `strip:prepend[:area]`. */
  readonly rows: readonly (readonly [string, string])[];
}

/** Countries of calling code 1 with several area codes: seven digits mean something only with an area code. */
const SEVERAL_AREA_CODES = ['US', 'CA', 'DO', 'JM', 'PR'];

export function waysByHand(region: Region): WaysByHand | null {
  if (SEVERAL_AREA_CODES.includes(region.code))
    return { replacesTrunkPrefixes: false, rows: [['=7', '0:1:area']] };
  return BY_HAND[region.code]?.(region) ?? null;
}

/** Argentina's area codes: `nationalPrefixForParsing` is `0?(?:(<area codes>)15)?`. */
function argentineAreas(region: Region): string[] {
  const areas = /^0\?\(\?:\((.*)\)15\)\?$/.exec(region.nationalPrefixForParsing ?? '')?.[1];
  if (areas === undefined) throw new Error('AR: nationalPrefixForParsing has another form than it had');
  return wordsOf(automatonOf(areas), 400);
}

/** Brazil's carriers (códigos de seleção de prestadora), as in its international prefix. */
const BRAZILIAN_CARRIERS = '1[245]|2[1-35]|31|4[13]|[56]5|99';

/**
 * 1831 and 1832 hide or show the caller's number for one call. Taking 1831 away would show a number that its owner
 * wants hidden, so what begins with it is refused as unassigned. The ten carrier codes 14XX before 0011 are refused too: a
 * PBX has its own carrier.
 */
function australian(region: Region): WaysByHand {
  const local =
    region.code === 'AU' ? [] : ['5', '9'].map((digit): [string, string] => [`${digit}=8`, '0:618']);
  return {
    replacesTrunkPrefixes: true,
    internationalPrefixes: ['0011', '0014', '0015', '0016', '0018', '0019'],
    rows: [['0', '1:61'], ...local],
  };
}

const BY_HAND: Record<string, (region: Region) => WaysByHand> = {
  // A mobile is dialled as [0] area 15 number, twelve digits without the 0, and is +54 9 area number.
  AR: (region) => ({
    replacesTrunkPrefixes: true,
    rows: [
      ['0', '1:54'],
      ...argentineAreas(region).flatMap((area): [string, string][] => [
        [`${area}15=12`, `${area.length + 2}:549${area}`],
        [`0${area}15=13`, `${area.length + 3}:549${area}`],
      ]),
    ],
  }),
  // 0 and, for long distance, a carrier: told apart from an area code by the length. 90 is a reverse-charge call, but
  // 900 is the beginning of a premium number.
  BR: () => ({
    replacesTrunkPrefixes: true,
    rows: [
      ['0', '1:55'],
      ['90', '2:55'],
      ['900', '0:55'],
      ...wordsOf(automatonOf(BRAZILIAN_CARRIERS), 40).flatMap((carrier): [string, string][] => [
        [`0${carrier}=13`, '3:55'],
        [`0${carrier}=14`, '3:55'],
        [`90${carrier}=14`, '4:55'],
        [`90${carrier}=15`, '4:55'],
      ]),
    ],
  }),
  // 80 stands before area codes, 8 before service numbers, which begin with 8 themselves.
  BY: () => ({
    replacesTrunkPrefixes: true,
    rows: [
      ['0', '1:375'],
      ['8', '1:375'],
      ['80', '2:375'],
      ['800', '0:375'],
      ['801=10', '0:375'],
      ['803=10', '0:375'],
      ...['81', '82', '83', '84', '85', '86', '87'].map((prefix): [string, string] => [
        `${prefix}=11`,
        '0:375',
      ]),
    ],
  }),
  // The 2,100 five-digit carrier prefixes 1[12]XXX and 179XX are left out: what begins with one is refused
  // as unassigned. A PBX has its own carrier.
  CN: () => ({ replacesTrunkPrefixes: true, internationalPrefixes: ['00'], rows: [['0', '1:86']] }),
  // Since 2019 the first 0 is part of the number; only the forms from before, with one more, have a prefix.
  GA: () => ({
    replacesTrunkPrefixes: true,
    rows: ['011', '060', '061', '062', '065', '066', '074', '076', '077'].map((prefix): [string, string] => [
      `${prefix}=9`,
      '1:241',
    ]),
  }),
  // The metadata's 003768 (an override prefix) and its 00… service numbers are left to the international prefix rules.
  JP: () => ({ replacesTrunkPrefixes: true, rows: [['0', '1:81']] }),
  // 0 and a carrier before ten digits; 0 alone before a mobile (03XX…) looks the same but for the length.
  CO: () => ({
    replacesTrunkPrefixes: true,
    rows: [
      ['0', '1:57'],
      ...['03', '05', '07', '09', '0414', '0444', '0456'].map((prefix): [string, string] => [
        `${prefix}=${prefix.length + 10}`,
        `${prefix.length}:57`,
      ]),
    ],
  }),
  // Overseas France has calling codes of its own, but is dialled from the mainland like a French number:
  // 0692 12 34 56 is +262 692 12 34 56. (The metadata has holes in +33 at these
  // prefixes, but for 0263 and 0508, which it still gives to France: Arcep gives them to Réunion and to Saint-Pierre-et-Miquelon.)
  FR: () => ({
    replacesTrunkPrefixes: false,
    rows: [
      ...['0262', '0263', '0269', '0639', '0692', '0693'].map((prefix): [string, string] => [
        prefix,
        '1:262',
      ]),
      ...['0590', '0690', '0691'].map((prefix): [string, string] => [prefix, '1:590']),
      ...['0594', '0694'].map((prefix): [string, string] => [prefix, '1:594']),
      ...['0596', '0696', '0697'].map((prefix): [string, string] => [prefix, '1:596']),
      ['0508', '4:508'],
    ],
  }),
  ...Object.fromEntries(['AU', 'CC', 'CX'].map((country) => [country, australian])),
  // 000 4… is a toll-free range, not the international prefix 00 with something behind it.
  UY: () => ({ replacesTrunkPrefixes: false, rows: [['0004', '0:598']] }),
};
