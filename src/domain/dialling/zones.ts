/**
 * Where a number leads. Every number of the plan has one **zone**: a country (`FR`), the shared part of a
 * calling code (`+1` holds the toll-free and premium numbers that the USA, Canada and the Caribbean have in common), a
 * calling code without a country (`+881`), or a range that must be told apart (`+7940`). Every zone lies in one
 * **area**, and some are high-risk. Rules name areas, or unions of them, so a profile stays small.
 *
 * Areas follow the UN's M49 regions; `eu` is the 27 member states with Åland (overseas territories
 * stay with their continent: carriers bill them apart), `middle-east` is Western Asia without Cyprus and the
 * Caucasus, and with Iran.
 */
const ZONES_OF_AREA = {
  eu: 'AT BE BG CY CZ DE DK EE ES FI AX FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK +358 +39',
  'rest-of-europe':
    'AD AL BA BY CH FO GB GG GI IM IS JE LI MC MD ME MK NO RS RU SJ SM UA VA XK +44 +47 +7 +37744 +7940',
  'north-america': 'US CA BM GL PM +1',
  caribbean: 'AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI +590',
  'latin-america': 'AR BO BR BZ CL CO CR EC FK GF GT GY HN MX NI PA PE PY SR SV UY VE',
  africa:
    'AC AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW IO KE KM LR LS LY MA MG ML MR MU ' +
    'MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TA TD TG TN TZ UG YT ZA ZM ZW +212 +262',
  'middle-east': 'AE BH IL IQ IR JO KW LB OM PS QA SA SY TR YE',
  asia: 'AF AM AZ BD BN BT CN GE HK ID IN JP KG KH KP KR KZ LA LK MM MN MO MV MY NP PH PK SG TH TJ TL TM TW UZ VN',
  oceania: 'AS AU CC CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PW SB TK TO TV VU WF WS +61',
  // Inmarsat, Iridium and Globalstar, and the "international networks", whose subscribers are on ships, on planes,
  // with Thuraya and the like: all of them dear, none of them a place.
  satellite: '+870 +881 +882 +883',
  // Calling codes of services: freephone 800, shared cost 808, personal 878, aid 888, premium 979.
  'global-services': '+800 +808 +878 +888 +979',
} as const;

/**
 * Zones in which revenue-share numbers are sold again and again. A judgement, not a measurement: the calling-code-1
 * islands of the FCC's "one ring" warnings; Cuba, Somalia and other states and small islands whose termination is dear
 * enough to pay for the fraud; and ranges that pretend to be another country. Latvia and Lithuania, which fraud
 * reports (Commsrisk) name beside Cuba and Somalia, are left out: a company in the EU calls the EU. Today's fraud also uses
 * cheap countries, so the list is no defence by itself: the limits per user are.
 */
const HIGH_RISK = new Set(
  (
    'AG AI BB BS DM DO GD JM KN KY LC MS SX TC TT VC VG CU HT ' +
    'AC BF BI BJ CD CF CG DJ ER GA GM GN GQ GW IO KM LR MG ML MR NE SC SH SL SO ST TA TD TG ZW ' +
    'CK FJ FK FM KI MH NF NR NU PG PW SB TK TL TO TV VU WF WS AF KP MV AL BA +37744 +7940'
  ).split(' '),
);

export type Area = keyof typeof ZONES_OF_AREA;

/** What a rule may name as a zone: an area or a union of areas. */
const AREAS_OF_ZONE_NAME = {
  eu: ['eu'],
  europe: ['eu', 'rest-of-europe'],
  'north-america': ['north-america'],
  caribbean: ['caribbean'],
  'latin-america': ['latin-america'],
  africa: ['africa'],
  'middle-east': ['middle-east'],
  asia: ['asia'],
  oceania: ['oceania'],
  satellite: ['satellite'],
  'global-services': ['global-services'],
} as const satisfies Record<string, readonly Area[]>;

export type ZoneName = keyof typeof AREAS_OF_ZONE_NAME | 'high-risk';
export const ZONE_NAMES: readonly ZoneName[] = [
  ...(Object.keys(AREAS_OF_ZONE_NAME) as (keyof typeof AREAS_OF_ZONE_NAME)[]),
  'high-risk',
];

const AREA_OF_ZONE = new Map<string, Area>(
  (Object.keys(ZONES_OF_AREA) as Area[]).flatMap((area) =>
    ZONES_OF_AREA[area].split(' ').map((zone) => [zone, area] as const),
  ),
);

/** All zones of the plan. */
export const ZONES: readonly string[] = [...AREA_OF_ZONE.keys()].sort();

/** True for a zone that is a country: ISO 3166 alpha-2, with AC, TA and XK as libphonenumber names them. */
export function isCountry(zone: string): boolean {
  return /^[A-Z]{2}$/.test(zone) && AREA_OF_ZONE.has(zone);
}

export function isHighRisk(zone: string): boolean {
  return HIGH_RISK.has(zone);
}

/**
 * The zone's area, with `!` behind it where the zone is high-risk: the smallest groups such that every
 * name a rule can use is a union of them. Profiles on the PBX have rows for these.
 */
export function groupOf(zone: string): string {
  const area = AREA_OF_ZONE.get(zone);
  if (area === undefined) throw new Error(`the plan has a zone without an area: ${zone}`);
  return isHighRisk(zone) ? `${area}!` : area;
}

/** Whether a zone lies in what a rule calls `name`. */
export function liesIn(zone: string, name: ZoneName): boolean {
  if (name === 'high-risk') return isHighRisk(zone);
  const areas: readonly string[] = AREAS_OF_ZONE_NAME[name];
  return areas.includes(AREA_OF_ZONE.get(zone) ?? '');
}

/** The main region of each calling code that several regions share: libphonenumber's answer for their common numbers. */
const MAIN_COUNTRIES: Readonly<Record<string, string>> = {
  '+1': 'US',
  '+7': 'RU',
  '+39': 'IT',
  '+44': 'GB',
  '+47': 'NO',
  '+61': 'AU',
  '+212': 'MA',
  '+262': 'RE',
  '+358': 'FI',
  '+590': 'GP',
};

/** The country that stands for a shared zone such as `+44`; null for any other zone. */
export function mainCountryOf(zone: string): string | null {
  return MAIN_COUNTRIES[zone] ?? null;
}

/**
 * Countries that are one network at one price, though their numbers are told apart: a Finn who may call the country
 * may call Mariehamn. The United Kingdom is not among them: the Channel Islands' and Man's numbers cost more, and
 * are sold for fraud.
 */
const ONE_NETWORK = ['AU CC CX', 'FI AX', 'GP BL MF', 'IT VA', 'MA EH', 'NO SJ'].map((set) => set.split(' '));

/** The countries whose numbers are national for a tenant of `country`: itself, mostly. */
export function nationalCountries(country: string): readonly string[] {
  return ONE_NETWORK.find((set) => set.includes(country)) ?? [country];
}
