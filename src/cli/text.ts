/**
 * Control characters, and the characters that turn the direction of what follows: a name may hold them, but on a
 * terminal they would move the cursor, retitle the window or run the columns backwards.
 */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line that is safe to print: what is not printable stands there in its escaped spelling. */
export function safe(text: string): string {
  return text.replace(
    UNSAFE,
    (character) => NAMED[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** Like `safe`, but keeps the line breaks: for a text of several lines of our own, which quotes others'. */
export function safeLines(text: string): string {
  return text.split('\n').map(safe).join('\n');
}

/**
 * Keeps a right-to-left name from pulling its neighbours' columns to its side on terminals that order both
 * directions (UAX #9, isolates). Only for terminals: in a file it would be a stray character.
 */
export function isolated(text: string): string {
  return RIGHT_TO_LEFT.test(text) ? `${FIRST_STRONG_ISOLATE}${text}${POP_ISOLATE}` : text;
}

/** An instant of the API (ISO 8601) in the time zone of whoever looks, to the second. */
export function localTime(instant: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
