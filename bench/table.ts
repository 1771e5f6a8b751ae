/** What a figure prints: a small table, and what has to be known to read it. */
export interface Table {
  title: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
  notes?: readonly string[];
}

/** Null: does not apply. */
export type Cell = string | number | null;

/** Numbers to the right, with three significant digits below 100. */
export function printTable({ title, columns, rows, notes = [] }: Table): string {
  const texts = rows.map((row) => row.map(textOf));
  const widths = columns.map((name, column) =>
    Math.max(name.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = columns.map((_, column) => rows.every((row) => typeof row[column] !== 'string'));
  const line = (cells: readonly string[]) =>
    cells
      .map((text, column) =>
        isNumber[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [
    title,
    line(columns),
    line(widths.map((width) => '-'.repeat(width))),
    ...texts.map(line),
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}

function textOf(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string' || Number.isInteger(cell)) return String(cell);
  if (Math.abs(cell) >= 100) return cell.toFixed(0);
  return cell.toFixed(Math.abs(cell) >= 10 ? 1 : Math.abs(cell) >= 1 ? 2 : 3);
}
