import { type Cell, type Column, renderFacts, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { safeLines } from './text.ts';

/**
 * What a command shows: to people as tables and sentences, with `--json` the API's body as it came, as one
 * document on stdout. Notes go to stderr either way.
 */
export class Output {
  readonly #terminal: Terminal;
  readonly #json: boolean;

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  get isJson(): boolean {
    return this.#json;
  }

  /** One thing in full. */
  facts(body: unknown, facts: readonly (readonly [name: string, value: Cell])[]): void {
    if (this.#json) this.json(body);
    else this.#terminal.out(renderFacts(facts, this.#terminal));
  }

  /** `body` is what `--json` prints; `rows` what the table shows of it; `none` is said when there are none. */
  table<Row>(body: unknown, rows: readonly Row[], columns: readonly Column<Row>[], none: string): void {
    if (this.#json) this.json(body);
    else if (rows.length === 0) this.note(none);
    else this.#terminal.out(renderTable(columns, rows, this.#terminal));
  }

  /** That something was done. With `--json` nothing where the API sends nothing. */
  done(body: unknown, sentence: string): void {
    if (!this.#json) this.#terminal.out(`${safeLines(sentence)}\n`);
    else if (body !== undefined) this.json(body);
  }

  /** More of what was asked for, for people alone: with `--json` the document before holds it. */
  also(show: (terminal: Terminal) => void): void {
    if (!this.#json) show(this.#terminal);
  }

  /** For the person beside: not part of the answer. */
  note(sentence: string): void {
    this.#terminal.err(`${safeLines(sentence)}\n`);
  }

  json(body: unknown): void {
    this.#terminal.out(`${JSON.stringify(body)}\n`);
  }
}
