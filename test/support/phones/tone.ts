/** PCMU samples of a tone, and whether a tone is in PCMU samples. */

export const SAMPLE_RATE = 8_000;
/** µ-law of zero. */
export const MULAW_SILENCE = 0xff;

const BIAS = 0x84;
const DECODED = Int16Array.from({ length: 256 }, (_, byte) => decodeMulaw(byte));

/** ITU-T G.711, table 2a. */
function encodeMulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + BIAS;
  const exponent = Math.floor(Math.log2(magnitude)) - 7;
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function decodeMulaw(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = (((value & 0x0f) << 3) + BIAS) << ((value >> 4) & 7);
  return value & 0x80 ? BIAS - magnitude : magnitude - BIAS;
}

/** `count` samples of a sine at a quarter of full scale, `start` samples into the tone. */
export function mulawTone(hz: number, start: number, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let i = 0; i < count; i++)
    bytes[i] = encodeMulaw(Math.round(8_000 * Math.sin((2 * Math.PI * hz * (start + i)) / SAMPLE_RATE)));
  return bytes;
}

/**
 * The share (0 to 1) of the signal's energy that is at `hz` (Goertzel's algorithm); 0 for silence,
 * which is anything quieter than 1 % of the tone that `mulawTone` makes.
 */
export function toneShare(mulaw: Uint8Array, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE);
  let previous = 0;
  let before = 0;
  let energy = 0;
  for (const byte of mulaw) {
    const sample = DECODED[byte]!;
    energy += sample * sample;
    const next = sample + coefficient * previous - before;
    before = previous;
    previous = next;
  }
  if (energy < mulaw.length * 80 * 80) return 0;
  const power = previous * previous + before * before - coefficient * previous * before;
  return Math.min(1, (2 * power) / (mulaw.length * energy));
}
