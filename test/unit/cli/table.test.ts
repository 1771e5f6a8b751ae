import { expect, test } from 'vitest';
import { type Column, renderFacts, renderTable } from '../../../src/cli/table.ts';
import { displayWidth, shorten } from '../../../src/cli/width.ts';

interface Row {
  id: string;
  name: string;
  calls?: number;
}

const COLUMNS: Column<Row>[] = [
  { title: 'Id', value: ({ id }) => id, whole: true },
  { title: 'Name', value: ({ name }) => name },
  { title: 'Calls', value: ({ calls }) => calls ?? null, align: 'right' },
];
const FILE = { columns: null, colours: false };
const terminal = (columns: number) => ({ columns, colours: false });

const table = (rows: Row[], surface = FILE as { columns: number | null; colours: boolean }) =>
  renderTable(COLUMNS, rows, surface);

test.each([
  ['ASCII', 'Ada', 3],
  ['accents in one code point and in two', 'é e\u0301', 3],
  ['Chinese, Japanese, Korean', '王小明 さくら 김철수', 6 + 1 + 6 + 1 + 6],
  ['halfwidth katakana', 'ｱｲｳ', 3],
  ['fullwidth letters', 'ＡＢ', 4],
  ['an emoji, a family of four, a flag, a keycap', '📞👨‍👩‍👧‍👦🇫🇷1️⃣', 8],
  ['a heart drawn as text and as emoji', '❤❤️', 3],
  ['Arabic and Hebrew with their marks', 'مُحَمَّد שָׁלוֹם', 4 + 1 + 4],
  ['Devanagari and Thai marks, of which some take a column', 'नि กำ สี', 2 + 1 + 2 + 1 + 1],
  ['Korean in its letters', '\u1112\u1161\u11AB', 2],
  ['what only steers', 'a\u200Bb\u200E\u2068c\u2069', 3],
])('the width of %s', (_what, text, width) => {
  expect(displayWidth(text)).toBe(width);
});

test('columns stand below each other as a terminal shows them', () => {
  const text = table([
    { id: '1001', name: 'Ada', calls: 2 },
    { id: '1002', name: '王小明', calls: 12 },
    { id: '1003', name: 'José' },
  ]);
  expect(text).toBe(
    ['Id    Name    Calls', '1001  Ada         2', '1002  王小明     12', '1003  José        –', ''].join(
      '\n',
    ),
  );
});

test('on a terminal the widest column gives way, never one that is copied; no character is cut in two', () => {
  const text = table([{ id: 'pbq7f2k4m5n6', name: '王小明王小明王小明', calls: 1 }], terminal(32));
  const lines = text.split('\n');
  expect(lines[1]).toBe('pbq7f2k4m5n6  王小明王小…      1');
  expect(displayWidth(lines[1]!)).toBe(32);
  expect(shorten('王小明', 4)).toBe('王…');
});

test('a terminal that is too narrow even so gets whole ids and longer lines', () => {
  expect(table([{ id: 'pbq7f2k4m5n6', name: 'Ada Lovelace', calls: 1 }], terminal(10))).toContain(
    'pbq7f2k4m5n6  Ada L…',
  );
});

test('in a file nothing is cut and nothing is added', () => {
  const name = 'محمد '.repeat(40).trim();
  expect(table([{ id: '1', name, calls: 1 }])).toContain(`1   ${name}      1`);
});

test('a right-to-left name cannot pull the columns beside it to its side', () => {
  const line = table([{ id: '1001', name: 'محمد', calls: 7 }], terminal(80)).split('\n')[1]!;
  expect(line).toBe('1001  \u2068محمد\u2069      7');
  expect(displayWidth(line)).toBe(4 + 2 + 4 + 2 + 5);
});

test('a name cannot steer the terminal', () => {
  const name = 'x\u001b]0;owned\u0007\r\n\u202Egnp.exe\u2069\u009b2J';
  const text = table([{ id: '1', name, calls: 1 }], terminal(200));
  expect(text).toContain('x\\u{1b}]0;owned\\u{7}\\r\\n\\u{202e}gnp.exe\\u{2069}\\u{9b}2J');
  expect(text.split('\n')).toHaveLength(3);
});

test('nothing is told from empty, and both from what the service did not send', () => {
  const facts = renderFacts(
    [
      ['None', null],
      ['Empty', ''],
      ['Not sent', undefined],
      ['Yes', true],
      ['No', false],
      ['Zero', 0],
    ],
    FILE,
  );
  expect(facts).toBe('None      –\nEmpty     –\nNot sent  ?\nYes       yes\nNo        no\nZero      0\n');
});

test('titles stand out only where colours are wanted', () => {
  expect(renderTable(COLUMNS, [], { columns: 80, colours: true })).toBe(
    '\u001b[1mId  Name  Calls\u001b[22m\n',
  );
  expect(renderTable(COLUMNS, [], terminal(80))).toBe('Id  Name  Calls\n');
});
