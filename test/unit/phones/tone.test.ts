import { expect, test } from 'vitest';
import { MULAW_SILENCE, mulawTone, toneShare } from '../../support/phones/tone.ts';

test('a tone is found in itself and in no other', () => {
  for (const tone of [440, 880, 425, 1000]) {
    const sound = mulawTone(tone, 37, 800);
    expect(toneShare(sound, tone)).toBeGreaterThan(0.95);
    for (const other of [440, 880, 425, 1000].filter((hz) => Math.abs(hz - tone) > 30))
      expect(toneShare(sound, other)).toBeLessThan(0.05);
  }
});

test('silence and noise are no tone', () => {
  expect(toneShare(Buffer.alloc(800, MULAW_SILENCE), 440)).toBe(0);
  const noise = Buffer.from(
    Array.from({ length: 800 }, (_, index) => (index * 7919 + index * index * 31) % 256),
  );
  expect(toneShare(noise, 440)).toBeLessThan(0.2);
});

test('two tones at once are half each', () => {
  const half = mulawTone(440, 0, 800).map((byte, index) => (index % 2 ? byte : mulawTone(880, index, 1)[0]!));
  expect(toneShare(half, 440)).toBeLessThan(0.7);
});
