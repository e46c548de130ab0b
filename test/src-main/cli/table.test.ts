import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonLine, printable, printableLines } from '#main/cli/printable.ts';
import { bar, fit, progressLine } from '#main/cli/progress-bar.ts';
import { tableLines, textWidth } from '#main/cli/table.ts';

describe('table', () => {
  it('lines up, whatever the names, and leaves out empty columns', () => {
    expect(tableLines([{ title: 'NAME' }, { title: 'NOTHING' }, { title: 'SIZE', align: 'right' }], [['a', '', '10 B'], ['日本', '', '5 B'], ['e\u0301', '', '1 B'], ['x\ny', '', '1 B']])).toEqual([
      'NAME    SIZE',
      'a       10 B',
      '日本     5 B',
      'e\u0301        1 B',
      'x\\x0ay   1 B',
    ]);
  });
});

describe('text for a terminal', () => {
  const harmful = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
  it('holds nothing that controls it, as text and as JSON', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text)).not.toMatch(harmful);
      expect(jsonLine({ text })).not.toMatch(harmful);
      expect(JSON.parse(jsonLine({ text }))).toEqual({ text });
    }));
  });
});

it('an error in the log controls no terminal, whatever name it tells, and keeps its lines', () => {
  const text = printableLines(inspect(new Error("ENOENT: no such file or directory, open '/to/\u001b[2Jevil\u009b31m\u202efdp.exe'")));
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(text.split('\n').length).toBeGreaterThan(1);
});

describe('progress', () => {
  it.each([[0, '░░░░'], [0.5, '██░░'], [0.53125, '██▏░'], [1, '████'], [7, '████'], [-1, '░░░░']])('%f is %s', (fraction, text) => { expect(bar(fraction, 4)).toBe(text); });

  it('never wraps the line, and keeps the end of a name', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 60, max: 200 }), (name, columns) => {
      expect(textWidth(progressLine(0.5, '1.2 GB / 2.4 GB  110 MB/s', name, columns))).toBeLessThan(columns);
    }));
    expect(fit('a very long name indeed.mkv', 12)).toBe('a very…d.mkv');
  });
});
