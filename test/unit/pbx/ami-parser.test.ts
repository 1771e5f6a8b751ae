import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AmiField } from '../../../src/pbx/ami/message.ts';
import { AmiParser } from '../../../src/pbx/ami/parser.ts';
import { checkSeeded } from '../../support/seeded.ts';

const BANNER = 'Asterisk Call Manager/11.0.0\r\n';

type Messages = (readonly AmiField[])[];

function parse(chunks: Buffer[], maxMessageBytes?: number): Messages {
  const parser = new AmiParser(maxMessageBytes);
  return chunks.flatMap((chunk) => parser.push(chunk)).map((message) => message.fields);
}

/** Divides the bytes at these places, in whatever order they are given. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter((part) => part.length > 0);
}

function text(messages: Messages): string {
  return (
    BANNER + messages.map((fields) => `${fields.map((f) => f.join(': ')).join('\r\n')}\r\n\r\n`).join('')
  );
}

const fieldName = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
const fieldValue = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => !value.includes('\r\n'));
const message = fc.array(fc.tuple(fieldName, fieldValue), { minLength: 1, maxLength: 8 });
const places = fc.array(fc.nat(), { maxLength: 30 });

test('however the bytes are cut into chunks, the messages arrive as they were sent', async () => {
  await checkSeeded(
    'chunks',
    fc.property(fc.array(message, { maxLength: 12 }), places, (messages, at) => {
      expect(parse(cut(Buffer.from(text(messages)), at))).toEqual(messages);
    }),
    500,
  );
});

test('any bytes whatever give the same messages in one chunk, in many, and byte by byte', async () => {
  const piece = fc.oneof(
    fc.constantFrom('\r\n', '\r\n\r\n', '\r', '\n', ': ', 'Key: ', 'Event: x', '\r\n\r\n\r\n'),
    fc.string({ maxLength: 5 }),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc
      .tuple(fc.array(piece, { maxLength: 20 }), fc.uint8Array({ maxLength: 9 }))
      .map(([pieces, tail]) =>
        Buffer.concat([Buffer.from(pieces.join('')), Buffer.from(tail), Buffer.from('\r\n\r\n')]),
      ),
  );
  await checkSeeded(
    'any bytes',
    fc.property(bytes, places, (body, at) => {
      const all = Buffer.concat([Buffer.from(BANNER), body]);
      const whole = parse([all]);
      expect(parse(cut(all, at))).toEqual(whole);
      expect(parse([...all].map((byte) => Buffer.from([byte])))).toEqual(whole);
    }),
    500,
  );
});

test('a value is kept whole: colons, trailing blanks, emptiness, emoji, right-to-left marks', () => {
  const messages: Messages = [
    [
      ['Response', 'Success'],
      ['Val', 'a: b,c;"d" \\ \u0024{SHELL(ls)}  '],
      ['Empty', ''],
      ['Name', 'Zoë 😀 \u202eabc'],
    ],
  ];
  expect(parse([Buffer.from(text(messages))])).toEqual(messages);
});

test('a line without a name continues the value before it', () => {
  const bytes = `${BANNER}Key: /a/b\r\nVal: one\r\ntwo\r\nActionID: 7\r\n\r\n`;
  expect(parse([Buffer.from(bytes)])).toEqual([
    [
      ['Key', '/a/b'],
      ['Val', 'one\r\ntwo'],
      ['ActionID', '7'],
    ],
  ]);
});

test('what is not UTF-8 is replaced, and the message after it is whole', () => {
  const bytes = Buffer.concat([
    Buffer.from(`${BANNER}Val: `),
    Buffer.from([0xff, 0xfe, 0xc3]),
    Buffer.from('\r\n\r\nVal: é\r\n\r\n'),
  ]);
  expect(parse([bytes])).toEqual([[['Val', '\ufffd\ufffd\ufffd']], [['Val', 'é']]]);
});

test('a peer that is no manager interface is refused at its first bytes', () => {
  expect(() => parse([Buffer.from('SSH-2.0-OpenSSH\r\n')])).toThrow(/no banner/);
  expect(() => parse([Buffer.from('HTTP')])).toThrow(/no banner/);
  expect(() => parse([Buffer.from(`Asterisk Call Manager/${'1'.repeat(2000)}`)])).toThrow(/no banner/);
});

test('a message without an end is refused before it fills the memory', () => {
  const chunk = Buffer.alloc(1000, 'x');
  const endless = [Buffer.from(BANNER), ...Array.from({ length: 30 }, () => chunk)];
  expect(() => parse(endless, 20_000)).toThrow(/longer than 20000 bytes/);
});
