import type { State } from './automata.ts';

/** Where several automata stand after the digits read so far; null where one can match no more. */
export type States = readonly (State | null)[];

/**
 * Says what a number is that ends here: `zone:classLetter`, or '' for no number.
 * `length` is the count of digits read, without those of `lead`.
 */
export type Outcome = (states: States, length: number) => string;

/** The row for a range in which no number is assigned, inside a longer range that has some. */
export const HOLE = '-';

/**
 * The smallest exact prefix table of what automata say about numbers: prefix → `zone:length:mask`,
 * where the mask's first letter is the class of a number of that total length, the next of one digit more
 * and so on (`-` where none exists). The longest prefix decides; no row, or `-`, means unassigned.
 *
 * It is built in two steps. First: after which digits does only the *count* of further digits matter?
 * There the table can stop. Then rows that most of their neighbours share move to the common prefix and
 * the others stay as exceptions (the ORTC construction of Draves, King, Venkatachary and Zill, 1999,
 * known from IP routing). Without the second step the world needs 83,800 rows instead of 35,300.
 *
 * Where a number ends and others go on differently behind it (short codes do: 118, 118 712), it gets a
 * row of its own, `=118`, that holds for exactly this string.
 *
 * @param lead digits that stand before everything, e.g. the calling code
 * @throws when one prefix would need two zones, told apart by length only: the table cannot say that
 */
export function compilePrefixTable(start: States, outcome: Outcome, lead: string): Map<string, string> {
  const builder = new TableBuilder(outcome, lead.length);
  const rows = new Map<string, string>();
  const write = (states: States, prefix: string, inherited: string): void => {
    const length = prefix.length - lead.length;
    const choices = builder.choices(states, length);
    let current = inherited;
    if (!choices.has(inherited)) {
      current = choices.has(HOLE) ? HOLE : [...choices].sort()[0]!;
      rows.set(prefix, current);
    }
    if (builder.tail(states, length)) return;
    const here = outcome(states, length);
    if (here !== '') rows.set(`=${prefix}`, rowOf([here], prefix.length));
    for (const digit of range(0, 10)) write(step(states, digit), prefix + digit, current);
  };
  // No row for the empty prefix: a row needs a name on the PBX.
  if (lead !== '') write(start, lead, HOLE);
  else for (const digit of range(0, 10)) write(step(start, digit), String(digit), HOLE);
  return rows;
}

function step(states: States, digit: number): States {
  return states.map((state) => state && state.next[digit]!);
}

class TableBuilder {
  readonly #tails = new Map<string, readonly string[] | null>();
  readonly #choices = new Map<string, ReadonlySet<string>>();
  readonly #outcome: Outcome;
  readonly #leadLength: number;

  constructor(outcome: Outcome, leadLength: number) {
    this.#outcome = outcome;
    this.#leadLength = leadLength;
  }

  /** Outcomes by count of further digits, when nothing but that count matters from here; else null. */
  tail(states: States, length: number): readonly string[] | null {
    if (states.every((state) => state === null)) return [];
    const key = keyOf(states, length);
    const known = this.#tails.get(key);
    if (known !== undefined) return known;

    const here = this.#outcome(states, length);
    const first = this.tail(step(states, 0), length + 1);
    let tail: string[] | null = null;
    if (first) {
      const text = first.join();
      const same = range(1, 10).every((digit) => this.tail(step(states, digit), length + 1)?.join() === text);
      if (same) tail = trimmed([here, ...first]);
    }
    this.#tails.set(key, tail);
    return tail;
  }

  /** The values that a row here may have so that the rows below it are fewest. */
  choices(states: States, length: number): ReadonlySet<string> {
    const tail = this.tail(states, length);
    if (tail) return new Set([rowOf(tail, length + this.#leadLength)]);
    const key = keyOf(states, length);
    const known = this.#choices.get(key);
    if (known) return known;

    const votes = new Map<string, number>();
    for (const digit of range(0, 10))
      for (const value of this.choices(step(states, digit), length + 1))
        votes.set(value, (votes.get(value) ?? 0) + 1);
    const most = Math.max(...votes.values());
    const choices = new Set([...votes].filter(([, count]) => count === most).map(([value]) => value));
    this.#choices.set(key, choices);
    return choices;
  }
}

function keyOf(states: States, length: number): string {
  return `${length}:${states.map((state) => state?.id ?? '').join()}`;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function trimmed(tail: string[]): string[] {
  while (tail.at(-1) === '') tail.pop();
  return tail;
}

function rowOf(tail: readonly string[], totalLength: number): string {
  const skipped = tail.findIndex((outcome) => outcome !== '');
  if (skipped < 0) return HOLE;
  const outcomes = tail.slice(skipped).map((outcome) => outcome.split(':') as [string, string?]);
  const zones = new Set(outcomes.map(([zone]) => zone).filter((zone) => zone !== ''));
  if (zones.size > 1) throw new Error(`zones told apart by length only: ${[...zones].join(', ')}`);
  const mask = outcomes.map(([, letter]) => letter ?? '-').join('');
  return `${[...zones][0]}:${totalLength + skipped}:${mask}`;
}
