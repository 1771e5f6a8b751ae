/**
 * What kind of number something is. One letter each in the compiled tables and on the PBX, a word
 * everywhere else. The first ten are libphonenumber's types; `special` is a short code of ordinary
 * or unknown price.
 *
 * `fixed-or-mobile` is a class of its own: in the USA, Canada and other countries of calling code 1
 * nothing in a number tells fixed from mobile, so a rule that names only one of them must not match.
 */
const CLASS_OF_LETTER = {
  f: 'fixed',
  m: 'mobile',
  x: 'fixed-or-mobile',
  t: 'toll-free',
  p: 'premium',
  s: 'shared-cost',
  v: 'voip',
  n: 'personal',
  g: 'pager',
  u: 'uan',
  b: 'voicemail',
  h: 'special',
  e: 'emergency',
} as const;

export type ClassLetter = keyof typeof CLASS_OF_LETTER;
export type NumberClass = (typeof CLASS_OF_LETTER)[ClassLetter];
/** The classes a rule can name: emergency calls are above all rules. */
export type RuledClass = Exclude<NumberClass, 'emergency'>;

const letters = Object.keys(CLASS_OF_LETTER) as ClassLetter[];
const LETTER_OF_CLASS = new Map(letters.map((letter) => [CLASS_OF_LETTER[letter], letter]));

export const NUMBER_CLASSES: readonly NumberClass[] = Object.values(CLASS_OF_LETTER);
export const RULED_CLASSES = NUMBER_CLASSES.filter((name): name is RuledClass => name !== 'emergency');

/** The class that a letter of the tables (or `PB_CLASS` of the PBX) stands for; null for anything else. */
export function classOfLetter(letter: string): NumberClass | null {
  return CLASS_OF_LETTER[letter as ClassLetter] ?? null;
}

export function letterOfClass(name: NumberClass): ClassLetter {
  return LETTER_OF_CLASS.get(name)!;
}
