import { DFA, JS, NFA } from 'refa';

/** One state of a deterministic automaton over the digits 0 to 9; `next[d]` is null where nothing more can match. */
export interface State {
  readonly id: number;
  readonly accepts: boolean;
  readonly next: (State | null)[];
}

const DIGIT_ZERO = '0'.charCodeAt(0);
let lastId = 0;

/**
 * The automaton of a phone-number pattern, matched from first to last digit.
 *
 * libphonenumber's patterns use no look-around and no back-references, so each has an exact
 * automaton; a pattern that did would make refa throw here, at compile time, not be approximated.
 */
export function automatonOf(pattern: string): State {
  const parsed = JS.Parser.fromLiteral({ source: pattern, flags: '' }).parse({
    assertions: 'throw',
    backreferences: 'throw',
  });
  const dfa = DFA.fromFA(NFA.fromRegex(parsed.expression, { maxCharacter: parsed.maxCharacter }));
  dfa.minimize();

  const copies = new Map<unknown, State>();
  const copy = (node: typeof dfa.initial): State => {
    const known = copies.get(node);
    if (known) return known;
    lastId += 1;
    const state: State = { id: lastId, accepts: dfa.finals.has(node), next: Array(10).fill(null) };
    copies.set(node, state);
    for (let digit = 0; digit < 10; digit += 1) {
      const target = node.out.get(DIGIT_ZERO + digit);
      if (target) state.next[digit] = copy(target);
    }
    return state;
  };
  return copy(dfa.initial);
}

/** True when the automaton accepts exactly this string of digits. */
export function accepts(start: State, digits: string): boolean {
  let state: State | null = start;
  for (const digit of digits) {
    state = state.next[Number(digit)] ?? null;
    if (!state) return false;
  }
  return state.accepts;
}

/** Every string of a finite automaton, in order. Throws above `limit` strings: the caller expected few. */
export function wordsOf(start: State, limit: number): string[] {
  const words: string[] = [];
  const visit = (state: State, word: string): void => {
    if (state.accepts) words.push(word);
    if (words.length > limit) throw new Error(`more than ${limit} strings, e.g. ${word}`);
    state.next.forEach((next, digit) => {
      if (next) visit(next, word + digit);
    });
  };
  visit(start, '');
  return words;
}
