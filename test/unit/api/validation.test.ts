import { expect, test } from 'vitest';
import { z } from 'zod';
import { refuseUnstorable } from '../../../src/api/text-guard.ts';
import { validated } from '../../../src/api/validation.ts';
import { DomainError, type FieldError } from '../../../src/domain/errors.ts';

function faults(schema: z.ZodType, input: unknown, part: 'body' | 'query' = 'body'): FieldError[] {
  try {
    validated(schema, input, part);
  } catch (error) {
    if (error instanceof DomainError) return [...error.fields];
    throw error;
  }
  return [];
}

const User = z.strictObject({
  email: z.email(),
  extension: z.string().regex(/^\d{2,6}$/, 'An extension has 2 to 6 digits.'),
  level: z.int().min(1).max(5),
  skills: z.array(z.strictObject({ name: z.string().min(1), 'a/b~c': z.boolean().optional() })).max(2),
  forward: z.union([z.strictObject({ to: z.string() }), z.null()]).optional(),
  phone: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('desk'), mac: z.string().length(12) }),
    z.strictObject({ kind: z.literal('web') }),
  ]),
});
const right = {
  email: 'a@b.example',
  extension: '1001',
  level: 3,
  skills: [],
  phone: { kind: 'web' },
};

test('what is right passes', () => {
  expect(faults(User, right)).toEqual([]);
});

test.each<[string, object, string, string]>([
  ['missing', { email: undefined }, '/email', 'This is missing. Send a text.'],
  ['of the wrong form', { email: 'x' }, '/email', 'Send an email address, like name@example.org.'],
  ['of the wrong kind', { email: 7 }, '/email', 'Send a text, not a number.'],
  ['refused in its own words', { extension: 'x' }, '/extension', 'An extension has 2 to 6 digits.'],
  ['too small', { level: 0 }, '/level', 'Send 1 or more.'],
  ['too big', { level: 6 }, '/level', 'Send 5 or less.'],
  ['not whole', { level: 1.5 }, '/level', 'Send a whole number, without a fraction.'],
  [
    'too many',
    { skills: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
    '/skills',
    'Send at most 2 entries.',
  ],
  [
    'empty, deep inside',
    { skills: [{ name: 'a' }, { name: '' }] },
    '/skills/1/name',
    'This must not be empty.',
  ],
  [
    'under an awkward name',
    { skills: [{ name: 'a', 'a/b~c': 1 }] },
    '/skills/0/a~1b~0c',
    'Send true or false, not a number.',
  ],
  ['unknown', { colour: 1 }, '/colour', 'This field is not known here. Check its spelling or leave it out.'],
  ['in the likeliest form of several', { forward: { to: 1 } }, '/forward/to', 'Send a text, not a number.'],
  ['none of several forms', { forward: 'x' }, '/forward', 'Send an object or null.'],
  ['of an unknown kind', { phone: { kind: 'fax' } }, '/phone/kind', 'Send one of "desk", "web".'],
  [
    'of a kind with faults',
    { phone: { kind: 'desk', mac: '1' } },
    '/phone/mac',
    'Send exactly 12 characters.',
  ],
])('a field that is %s', (_name, change, path, message) => {
  expect(faults(User, { ...right, ...change })).toEqual([{ in: 'body', path, message }]);
});

test('a password in the wrong place is never quoted back', () => {
  const sent = {
    ...right,
    email: 'hunter2-secret',
    level: 'hunter2-secret',
    phone: { kind: 'hunter2-secret' },
  };
  const found = faults(User, sent);
  expect(found).toHaveLength(3);
  expect(JSON.stringify(found)).not.toContain('hunter2');
});

test('names that pollute prototypes and text that no column holds are found at every depth', () => {
  for (const [text, path] of [
    ['{"a":[{"__proto__":{"x":1}}]}', '/a/0'],
    ['{"a":{"b\\u0000":1}}', '/a'],
    ['{"a/b":["fine","\\udc00"]}', '/a~1b/1'],
  ] as const) {
    const refused = () => refuseUnstorable(JSON.parse(text), 'body');
    expect(refused).toThrow(expect.objectContaining({ fields: [expect.objectContaining({ path })] }));
  }
  expect(() => refuseUnstorable({ a: ['Zoë 👩‍👩‍👧 \u202e', { b: null }] }, 'body')).not.toThrow();
});

test('ten thousand faults are told as a hundred', () => {
  const found = faults(z.array(z.string()), new Array(10_000).fill(1));
  expect(found).toHaveLength(101);
  expect(found.at(-1)?.message).toBe('And 9900 more: correct these first.');
});

test('every sentence ends like one', () => {
  const kinds = [
    z.string(),
    z.int(),
    z.boolean(),
    z.uuid(),
    z.iso.datetime(),
    z.e164(),
    z.cidrv4(),
    z.literal(1),
    z.enum(['a']),
  ];
  const odd = [
    ...kinds,
    z.array(z.string()),
    z.record(z.string(), z.int()),
    z.int().multipleOf(5),
    z.string().startsWith('x'),
    z.number().gt(3).lt(2),
  ];
  for (const schema of odd)
    for (const input of [undefined, null, 'x', 7, -1, true, [], [1], {}, { a: 'b' }])
      for (const { message } of faults(schema, input)) expect(message).toMatch(/^[A-Z].*\.$/);
});
