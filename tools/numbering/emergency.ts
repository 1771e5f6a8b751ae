/**
 * Emergency numbers that libphonenumber's short-number metadata lacks, country by country, and numbers that
 * must be sent as another one. The metadata is the seed; nothing is ever taken away from it.
 *
 * What is added: a string whose refusal could cost a life, and help lines that the country's own list calls
 * emergency numbers. One number too many costs nothing, because all of these are free to call and reach
 * a public service; one too few may cost everything.
 *
 * `number>other`: dialled as `number`, sent as `other`. Used where mobile networks accept the GSM numbers 112
 * and 911 (3GPP TS 22.101, 10.1) and fixed networks do not: a PBX's carrier is a fixed network.
 */
interface Addition {
  readonly countries: string;
  readonly numbers: string;
  readonly source: string;
}

const EU_AND_NEIGHBOURS =
  'AT BE BG CY CZ DE DK EE ES FI AX FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK ' +
  'GP MQ GF RE YT BL MF PM AD CH FO GB GG GI GL IM IS JE LI MC NO SJ SM VA';

export const EMERGENCY_ADDITIONS: readonly Addition[] = [
  {
    countries: EU_AND_NEIGHBOURS,
    numbers: '112',
    source: 'Directive (EU) 2018/1972, article 109; the neighbours take part by their own law',
  },
  {
    countries: 'FR GP MQ GF RE YT BL MF PM',
    numbers: '15 17 18 114 115 116000 116117 119 191 196 197',
    source: 'Arcep, "Liste des numéros d\'urgence"',
  },
  { countries: 'MC', numbers: '15 17 18 112 116000 196', source: 'Monaco, Direction des communications' },
  {
    countries: 'AT',
    numbers: '112 122 128 133 140 141 142 144 147',
    source: 'RTR, "Öffentliche Kurzrufnummern für Notrufdienste" (KEM-V 2009)',
  },
  {
    countries: 'BE',
    numbers: '100 101 102 103 106 107 108 110 112 116000',
    source: 'Arrêté royal of 2 February 2007 on emergency services; 110 and 116000 are Child Focus',
  },
  {
    countries: 'CH LI',
    numbers: '112 117 118 143 144 145 147 1414',
    source: 'BAKOM, SR 784.101.113/1.3; 1414 is air rescue (Rega)',
  },
  { countries: 'CH', numbers: '1415', source: 'Air rescue in Valais' },
  { countries: 'CZ', numbers: '112 150 155 156 158', source: 'ČTÚ numbering plan; 156 is municipal police' },
  {
    countries: 'SK',
    numbers: '112 150 155 158 159 18155 18300',
    source: 'Slovak numbering plan, emergency numbers; 18155 air rescue, 18300 mountain rescue',
  },
  {
    countries: 'PL',
    numbers: '112 984 985 986 987 991 992 993 994 995 996 997 998 999',
    source: 'Polish national numbering plan, "numery alarmowe"',
  },
  {
    countries: 'ES',
    numbers: '016 061 062 080 085 088 091 092 112',
    source: 'CNMC numbering plan: health, Guardia Civil, firemen, police; 016 is violence against women',
  },
  {
    countries: 'IT VA SM',
    numbers: '112 113 114 115 117 118 1515 1522 1530 116000',
    source: 'AGCOM, Piano nazionale di numerazione, emergency and rescue services',
  },
  {
    countries: 'PT',
    numbers: '112 115 117 116000',
    source: 'ANACOM; 117 is forest fires, 115 the old number',
  },
  { countries: 'GR', numbers: '100 108 112 166 199', source: 'EETT; 108 is the coast guard' },
  { countries: 'HR', numbers: '112 192 193 194 195', source: 'HAKOM; 195 is rescue at sea' },
  { countries: 'HU', numbers: '104 105 107 112', source: 'NMHH' },
  { countries: 'BG', numbers: '112 150 160 166', source: 'CRC' },
  { countries: 'CY', numbers: '112 199', source: 'OCECPR' },
  { countries: 'DK', numbers: '112 114', source: 'SDFI; 114 is the police' },
  {
    countries: 'NO SJ',
    numbers: '110 112 113 120 1412',
    source: 'Nkom; 120 rescue at sea, 1412 text telephone',
  },
  { countries: 'SE', numbers: '112 90000', source: 'PTS; 90000 is the old number, still answered' },
  { countries: 'LV', numbers: '110 112 113 114', source: 'SPRK; 114 is gas' },
  { countries: 'LU', numbers: '112 113', source: 'ILR' },
  { countries: 'GB GG IM JE', numbers: '112 999 18000', source: "Ofcom; 18000 is the text relay's 999" },
  { countries: 'IE', numbers: '112 999', source: 'ComReg' },
  { countries: 'GI', numbers: '112 190 199 999', source: 'Gibraltar Regulatory Authority' },
  { countries: 'US CA', numbers: '911 112>911', source: '47 CFR 9; CRTC. 112 works from mobiles only' },
  {
    countries: 'AU CC CX',
    numbers: '000 106 112>000',
    source: 'ACMA; 106 text, 112 works from mobiles only',
  },
  {
    countries: 'NZ',
    numbers: '111 112>111 911>111',
    source: 'New Zealand Police; 112 and 911 from mobiles only',
  },
  { countries: 'JP', numbers: '110 118 119', source: 'MIC; 118 is the coast guard' },
  {
    countries: 'IN',
    numbers: '100 101 102 104 108 112 181 1033 1070 1073 1077 1078 1091 1098',
    source:
      'DoT National Numbering Plan: 112 for all; highway 1033 and 1073, disasters 1070, 1077 and 1078, women 181 ' +
      'and 1091, children 1098',
  },
  {
    countries: 'BR',
    numbers: '100 128 180 181 185 188 190 191 192 193 194 197 198 199 112>190 911>190',
    source: 'Anatel, "Serviços Públicos de Emergência"; 112 and 911 are for mobiles and lead to 190',
  },
  { countries: 'ZA', numbers: '107 112 10111 10177', source: 'ICASA; 107 is Cape Town' },
  { countries: 'CN', numbers: '110 119 120 122 12395', source: 'MIIT; 122 traffic accidents, 12395 at sea' },
  {
    countries: 'HK',
    numbers: '999 992 112>999',
    source: 'OFCA; 112 works from mobiles only, 992 is for the deaf',
  },
  { countries: 'KR', numbers: '111 112 113 117 118 119 122', source: 'MSIT special numbers' },
  { countries: 'TW', numbers: '110 112 118 119', source: 'NCC; 118 is the coast guard' },
  { countries: 'SG', numbers: '993 995 999', source: 'IMDA' },
  { countries: 'MY', numbers: '112 991 994 999', source: 'MCMC' },
  { countries: 'TH', numbers: '191 199 1155 1669', source: 'NBTC; 1155 is the tourist police' },
  { countries: 'ID', numbers: '110 112 113 115 118 119', source: 'Komdigi' },
  { countries: 'VN', numbers: '111 112 113 114 115', source: 'MIC; 111 is child protection' },
  { countries: 'PH', numbers: '117 911', source: 'NTC' },
  { countries: 'PK', numbers: '15 16 115 1122', source: 'PTA' },
  { countries: 'TR', numbers: '110 112 155 156 158 177', source: 'BTK; all of them lead to 112' },
  { countries: 'IL', numbers: '100 101 102 104 112', source: 'Ministry of Communications' },
  { countries: 'SA', numbers: '911 112 993 994 996 997 998 999', source: 'CST' },
  { countries: 'AE', numbers: '112 996 997 998 999', source: 'TDRA; 996 is the coast guard' },
  { countries: 'EG', numbers: '122 123 126 180', source: 'NTRA; 126 is the tourist police' },
  { countries: 'MA EH', numbers: '15 19 150 177', source: 'ANRT' },
  { countries: 'TN', numbers: '190 193 197 198', source: 'INT; 193 is the national guard' },
  { countries: 'NG', numbers: '112 199', source: 'NCC: 112 is the national number' },
  { countries: 'GH', numbers: '112 191 192 193 999', source: 'NCA: 112 is the national number' },
  { countries: 'KE', numbers: '112 911 999', source: 'Communications Authority' },
  { countries: 'RU KZ', numbers: '101 102 103 104 112', source: '104 is gas' },
  { countries: 'UA', numbers: '101 102 103 104 112', source: '104 is gas' },
  { countries: 'MX', numbers: '911', source: 'IFT' },
  { countries: 'AR', numbers: '100 101 103 106 107 911', source: 'ENACOM; 103 civil protection, 106 at sea' },
  { countries: 'CL', numbers: '130 131 132 133 134 137', source: 'SUBTEL; 130 forest fires, 137 at sea' },
  { countries: 'CO', numbers: '112 119 123 125 132', source: 'CRC; 125 ambulance, 132 Red Cross' },
];

/**
 * Where a user's country is not known, which is a broken record: the two numbers that every mobile network takes.
 */
export const EMERGENCY_ANYWHERE = ['112', '911'] as const;
