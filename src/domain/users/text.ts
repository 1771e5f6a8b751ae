/**
 * Rules for the short texts that people type. Each function returns what is wrong as a sentence that says
 * what to send instead, or null. Nothing is ever changed here: what passes is stored as typed.
 */

const CONTROL = /\p{Cc}/u;
/** Direction marks and joiners are left alone: right-to-left names and emoji need them. */
const BLANK_AT_AN_END = /^\s|\s$/u;

/**
 * Names of people, teams, profiles: any script. Asterisk drops blanks at the beginning of a value
 * (`ast_skip_blanks` in main/manager.c), so a name with one could not be shown as typed.
 *
 * @param most counted in code points, as Postgres counts them
 */
export function nameProblem(text: string, most = 100): string | null {
  if (text === '') return 'This must not be empty.';
  if (CONTROL.test(text))
    return 'Take out line breaks and other control characters: a name is one line of text.';
  if (BLANK_AT_AN_END.test(text)) return 'Take out the blanks at the beginning and at the end.';
  if ([...text].length > most) return `Send at most ${most} characters.`;
  return null;
}

/** Besides, a username has no blanks, so that it can be said and searched for as one word. */
export function usernameProblem(text: string): string | null {
  if (/\s/u.test(text)) return 'A username has no blanks. Use a dot, a dash or an underscore.';
  return nameProblem(text);
}
