/** Where the class of a short code differs from google-libphonenumber's ShortNumberInfo metadata, and why. */
export interface ShortCodeCorrection {
  readonly countries: string;
  readonly pattern: string;
  /** The class letter it gets; null: it is no number to call. */
  readonly letter: string | null;
  /** Also where the metadata does not know the code at all. */
  readonly evenIfUnknown: boolean;
  readonly reason: string;
}

export const SHORT_CODE_CORRECTIONS: readonly ShortCodeCorrection[] = [
  {
    countries:
      'AT BE BG CY CZ DE DK EE ES FI AX FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK GB GG IM JE CH NO',
    pattern: '118\\d{1,3}',
    letter: 'p',
    evenIfUnknown: false,
    reason:
      'Directory enquiries of the European 118 range are among the dearest calls there are (several euros or pounds a ' +
      'minute, and they put calls through); the metadata gives most of them no price. Three-digit 118 is an emergency ' +
      'number in several countries and is not touched.',
  },
  {
    countries: 'NL NO SJ',
    pattern: '18\\d\\d',
    letter: 'p',
    evenIfUnknown: false,
    reason: 'The same service in the ranges 18XX of the Netherlands and Norway.',
  },
  {
    countries: 'US CA',
    pattern: '411',
    letter: 'p',
    evenIfUnknown: true,
    reason: 'Directory assistance is charged per enquiry.',
  },
  {
    countries: 'US',
    pattern: '[2-9]\\d{3}',
    letter: null,
    evenIfUnknown: false,
    reason: 'Four-digit codes of single mobile carriers: there is no such number on a fixed network.',
  },
  {
    countries: 'CA',
    pattern: '310\\d{4}',
    letter: 'u',
    evenIfUnknown: true,
    reason:
      "Canada's 310-XXXX: seven digits, dialled as written, charged as a local call. See nanp-310 in corrections.ts.",
  },
];
