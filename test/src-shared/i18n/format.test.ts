import { describe, expect, it } from 'vitest';
import { formatBytes, formatRate, formatSeconds } from '#shared/i18n/format.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('sizes', () => {
  it.each([
    [0, '0 B'], [999, '999 B'], [1000, '1.00 kB'], [1023, '1.02 kB'], [12_340, '12.3 kB'], [999_499, '999 kB'], [999_500, '1.00 MB'], [1_870_000_000, '1.87 GB'], [2 ** 50, '1.13 PB'], [-5, '0 B'],
  ])('%d bytes are %s', (bytes, text) => { expect(plain(formatBytes('en', bytes))).toBe(text); });

  it('follow the language', () => {
    expect(plain(formatBytes('es', 1_870_000_000))).toBe('1,87 GB');
    expect(plain(formatRate('en', 280e6))).toBe('280 MB/s');
  });
});

describe('durations', () => {
  it.each([[0, '0 s'], [59.4, '59 s'], [59.6, '1 min'], [3599, '1 h 0 min'], [7800, '2 h 10 min'], [100_800, '1 d 4 h'], [-1, '0 s']])('%d s are %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});
