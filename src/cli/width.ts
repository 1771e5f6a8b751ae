/**
 * How many columns a terminal gives to a text, which is neither its length nor its number of characters: a Chinese
 * character takes two columns, a combining accent none, an emoji of five code points two.
 *
 * Wide and Fullwidth of Unicode's EastAsianWidth.txt (UAX #11), by blocks: the unassigned holes in them count as
 * wide too, as the file's own defaults for these blocks say.
 */
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\u4DBF\u4E00-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18DFF}\u{1AFF0}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u;
const EMOJI = /^\p{Emoji_Presentation}|\uFE0F/u;
/** Marks that stand on the character before, vowels and finals of Korean syllables, and what only steers the text. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11FF]$/u;

const ASCII = /^[\x20-\x7E]*$/;

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** The text must hold no control characters: see `safe` in text.ts. */
export function displayWidth(text: string): number {
  // Most cells, and a table may have ten thousand lines.
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += clusterWidth(segment);
  return width;
}

/** An emoji of several code points is drawn as one; in all other scripts terminals add up the code points. */
function clusterWidth(cluster: string): number {
  if (EMOJI.test(cluster)) return 2;
  let width = 0;
  for (const character of cluster) if (!NO_WIDTH.test(character)) width += WIDE.test(character) ? 2 : 1;
  return width;
}

/** Cut to `columns`, the last of them an ellipsis when something was cut. Never cuts a character in two. */
export function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += clusterWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
