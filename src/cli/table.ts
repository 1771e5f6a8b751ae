import { styleText } from 'node:util';
import { isolated, safe } from './text.ts';
import { displayWidth, shorten } from './width.ts';

/** Null: there is no value. Undefined: the service sent none, which a column shows as `?`. */
export type Cell = string | number | boolean | null | undefined;

export interface Column<Row> {
  title: string;
  value: (row: Row) => Cell;
  /** Numbers stand right. */
  align?: 'right';
  /** Never cut: what is copied from the table into the next command. */
  whole?: true;
}

/** `columns` null: not a terminal, so nothing is cut and nothing is added for the eye. */
export interface Surface {
  columns: number | null;
  colours: boolean;
}

const GAP = 2;
const NARROWEST = 6;

/** A table with a line of titles, each line ended. Aligned by what the terminal shows, cut to its width. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  surface: Surface,
): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
  const natural = columns.map((column, at) =>
    cells.reduce((most, line) => Math.max(most, displayWidth(line[at]!)), displayWidth(column.title)),
  );
  const widths = surface.columns === null ? natural : narrowed(columns, natural, surface.columns);
  const line = (texts: readonly string[]) =>
    texts
      .map((text, at) => placed(text, widths[at]!, columns[at]!, at === columns.length - 1, surface))
      .join(' '.repeat(GAP));
  const titles = line(columns.map((column) => column.title));
  const head = surface.colours ? styleText('bold', titles, { validateStream: false }) : titles;
  return [head, ...cells.map(line)].map((text) => `${text}\n`).join('');
}

/** Names and values below each other: one thing in full. Values are never cut. */
export function renderFacts(
  facts: readonly (readonly [name: string, value: Cell])[],
  surface: Surface,
): string {
  const width = Math.max(...facts.map(([name]) => displayWidth(name)));
  return facts
    .map(([name, value]) => {
      const text = cellText(value);
      return `${pad(name, width)}  ${surface.columns === null ? text : isolated(text)}\n`;
    })
    .join('');
}

export function cellText(value: Cell): string {
  if (value === undefined) return '?';
  if (value === null || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return safe(String(value));
}

/** Takes the missing columns from the widest that may be cut, until the line fits or nothing can be taken. */
function narrowed<Row>(columns: readonly Column<Row>[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - room;
  while (over > 0) {
    const widest = widths.reduce(
      (best, width, at) =>
        !columns[at]!.whole && width > NARROWEST && (best < 0 || width > widths[best]!) ? at : best,
      -1,
    );
    if (widest < 0) break;
    widths[widest]! -= 1;
    over -= 1;
  }
  return widths;
}

function placed<Row>(
  text: string,
  width: number,
  column: Column<Row>,
  isLast: boolean,
  surface: Surface,
): string {
  const cut = shorten(text, width);
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(cut)));
  const shown = surface.columns === null ? cut : isolated(cut);
  if (column.align === 'right') return blanks + shown;
  // Blanks at a line's end are in the way when it is copied.
  return isLast ? shown : shown + blanks;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}
