/**
 * Of the columns to be written, those whose value is another than the row's; null when there is none. A change
 * that changes nothing writes nothing: no new version, no audit entry, nothing for the PBX.
 */
export function differing<Row extends object>(row: Row, columns: Partial<Row>): Partial<Row> | null {
  const changed = Object.entries(columns).filter(
    ([name, value]) => value !== undefined && !same(value, row[name as keyof Row]),
  );
  return changed.length === 0 ? null : (Object.fromEntries(changed) as Partial<Row>);
}

/** Lists are the same when their items are, in this order. */
function same(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
