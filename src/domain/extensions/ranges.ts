/** A range of extensions, both ends included. Numbers of fewer digits than the tenant's length have leading zeros. */
export type ExtensionRange = { first: number; last: number };

/** Whether an extension may not be given to anybody: an emergency number of the tenant's country. */
export type IsReserved = (number: string) => boolean;

export function extensionText(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

/** What is wrong with one range as it was typed, or null. */
export function rangeProblem(first: string, last: string, length: number): string | null {
  const right = (text: string) => /^\d+$/.test(text) && text.length === length;
  if (!right(first) || !right(last)) return `Both ends of a range have ${length} digits here.`;
  return Number(first) > Number(last) ? 'The range ends before it begins.' : null;
}

/** Emergency numbers win over everything on the PBX: an extension of the same digits could never be called. */
export function reservedIn(range: ExtensionRange, length: number, isReserved: IsReserved): string[] {
  const found: string[] = [];
  for (let value = range.first; value <= range.last; value++) {
    const number = extensionText(value, length);
    if (isReserved(number)) found.push(number);
  }
  return found;
}

/**
 * Where nobody chose: the first block of one leading digit, 1 to 9, without a reserved number. Four digits give
 * 1000 to 1999; three give 200 to 299 wherever 112 is the emergency number.
 */
export function defaultRange(length: number, isReserved: IsReserved): ExtensionRange {
  const size = 10 ** (length - 1);
  for (let digit = 1; digit <= 9; digit++) {
    const block = { first: digit * size, last: (digit + 1) * size - 1 };
    if (reservedIn(block, length, isReserved).length === 0) return block;
  }
  throw new Error(`every block of extensions with ${length} digits holds an emergency number`);
}
