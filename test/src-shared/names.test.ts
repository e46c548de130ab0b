import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { collisionKey, distinctNames, nameBytes, numberedName, plainDeviceName, safeName, safePath, shortName, shownName, type NameChange } from '#shared/names.ts';

/** One row a case: what somebody sent, what we store, why it changed. */
const table: readonly (readonly [string, string, ...NameChange[]])[] = [
  // kept as they are
  ['report.pdf', 'report.pdf'],
  ['.gitignore', '.gitignore'],
  ['...three dots first', '...three dots first'],
  ['-rf', '-rf'],
  ['~', '~'],
  ['$HOME', '$HOME'],
  ['%2e%2e%2f', '%2e%2e%2f'],
  ['Ünïcödé – 日本語 – العربية', 'Ünïcödé – 日本語 – العربية'],
  ['👩‍👩‍👧 family.jpg', '👩‍👩‍👧 family.jpg'],
  ['שלום\u200f', 'שלום\u200f'],
  ['<script>alert(1)<', '<script>alert(1)<'],
  ['what? "really" *|', 'what? "really" *|'],
  ['console', 'console'],
  ['com10', 'com10'],
  ['com', 'com'],
  ['nul-and-void.txt', 'nul-and-void.txt'],
  [' leading space', ' leading space'],
  ['\u00a0', '\u00a0'],
  // nothing, and the names of folders
  ['', '_', 'empty'],
  ['.', '_', 'trailing'],
  ['..', '__', 'trailing'],
  ['...', '___', 'trailing'],
  ['. .', '___', 'trailing'],
  [' ', '_', 'trailing'],
  // ways out
  ['../../etc/passwd', '.._.._etc_passwd', 'separator'],
  ['..\\..\\boot.ini', '.._.._boot.ini', 'separator'],
  ['/etc/passwd', '_etc_passwd', 'separator'],
  ['\\\\server\\share', '__server_share', 'separator'],
  ['\\\\?\\C:\\x', '__?_C__x', 'separator', 'stream'],
  ['C:', 'C_', 'stream'],
  ['C:evil.exe', 'C_evil.exe', 'stream'],
  ['a/', 'a_', 'separator'],
  // streams
  ['picture.jpg:evil.exe', 'picture.jpg_evil.exe', 'stream'],
  ['file::$DATA', 'file__$DATA', 'stream'],
  // what Windows drops at the end
  ['name.', 'name_', 'trailing'],
  ['name..', 'name__', 'trailing'],
  ['name ', 'name_', 'trailing'],
  ['name. . ', 'name____', 'trailing'],
  ['evil.exe ', 'evil.exe_', 'trailing'],
  // devices of Windows
  ['CON', '_CON', 'reserved'],
  ['con', '_con', 'reserved'],
  ['Con.txt', '_Con.txt', 'reserved'],
  ['con.tar.gz', '_con.tar.gz', 'reserved'],
  ['NUL .txt', '_NUL .txt', 'reserved'],
  ['aux', '_aux', 'reserved'],
  ['PRN.', 'PRN_', 'trailing'],
  ['com1', '_com1', 'reserved'],
  ['COM¹.log', '_COM¹.log', 'reserved'],
  ['lpt9.txt', '_lpt9.txt', 'reserved'],
  ['COM0', '_COM0', 'reserved'],
  ['CONIN$', '_CONIN$', 'reserved'],
  ['conout$.txt', '_conout$.txt', 'reserved'],
  ['CLOCK$', '_CLOCK$', 'reserved'],
  ['CON:', 'CON_', 'stream'],
  // control characters
  ['a\0b', 'a_b', 'control'],
  ['evil.txt\0.jpg', 'evil.txt_.jpg', 'control'],
  ['line\nbreak', 'line_break', 'control'],
  ['\x1b[2Jcleared', '_[2Jcleared', 'control'],
  ['del\x7f', 'del_', 'control'],
  ['c1\x9b31m', 'c1_31m', 'control'],
  ['u\u2028v', 'u_v', 'control'],
  // reading direction
  ['photo\u202egpj.exe', 'photo_gpj.exe', 'bidi'],
  ['\u2066isolate\u2069', '_isolate_', 'bidi'],
  // not Unicode
  ['half \ud83d', 'half \ufffd', 'not-text'],
  ['\udc00', '\ufffd', 'not-text'],
  // several at once
  ['a/b:c\u202e.', 'a_b_c__', 'separator', 'stream', 'bidi', 'trailing'],
  // too long
  [`${'a'.repeat(300)}.txt`, `${'a'.repeat(124)}…${'a'.repeat(124)}.txt`, 'too-long'],
  [`${'ä'.repeat(200)}.txt`, `${'ä'.repeat(62)}…${'ä'.repeat(62)}.txt`, 'too-long'],
  [`con.${'x'.repeat(300)}`, `_con.${'x'.repeat(121)}…${'x'.repeat(126)}`, 'reserved', 'too-long'],
];

describe('safeName', () => {
  it.each(table)('%j becomes %j', (from, to, ...why) => {
    expect(safeName(from)).toEqual({ name: to, changed: why });
  });

  it('maps what Windows cannot store where the destination follows its rules', () => {
    expect(safeName('a<b>c"d|e?f*g', { windows: true })).toEqual({ name: 'a_b_c_d_e_f_g', changed: ['not-storable'] });
  });

  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.array(fc.constantFrom('.', ' ', '/', '\\', ':', 'CON', 'nul', 'com1', '¹', '\0', '\u202e', '\ud800', '\udc00', 'ß', '😀', '…', 'a', '.txt', 'x'.repeat(120), '日'.repeat(60)), { maxLength: 12 }).map((parts) => parts.join('')),
  );

  it('always gives a name that is safe everywhere, and gives that one back unchanged', () => {
    fc.assert(fc.property(nasty, fc.boolean(), (component, windows) => {
      const { name, changed } = safeName(component, { windows });
      expect(name).not.toMatch(/[/\\:]/);
      expect(name).not.toMatch(/^\.{0,2}$/);
      expect(name).not.toMatch(/[. ]$/);
      expect(name.toLowerCase()).not.toMatch(/^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(\..*)?$/s);
      expect(name).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
      expect(name).not.toMatch(/\p{Surrogate}/u);
      expect(Buffer.from(name).length).toBeLessThanOrEqual(255);
      expect(Buffer.from(name).length).toBe(nameBytes(name));
      if (windows) expect(name).not.toMatch(/[<>"|?*]/);
      expect(changed.length > 0).toBe(name !== component);
      expect(safeName(name, { windows })).toEqual({ name, changed: [] });
    }), { numRuns: 3000 });
  });

  it('keeps the extension when it cuts', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 260, maxLength: 400 }), (stem) => {
      const { name, changed } = safeName(`${stem}x.tar`);
      expect(changed).toContain('too-long');
      expect(name.endsWith('x.tar')).toBe(true);
      expect(nameBytes(name)).toBeGreaterThan(245);
    }), { numRuns: 200 });
  });
});

describe('safePath', () => {
  it('makes every component safe and tells which changed', () => {
    expect(safePath(['..', 'music', 'a:b'])).toEqual({
      path: ['__', 'music', 'a_b'],
      changed: [{ from: '..', to: '__', why: ['trailing'] }, { from: 'a:b', to: 'a_b', why: ['stream'] }],
    });
  });

  it('refuses paths that are empty, too deep or too long', () => {
    const codeOf = (components: readonly string[]): string => {
      try {
        safePath(components);
      } catch (error) {
        return error instanceof AppError ? error.code : String(error);
      }
      return 'nothing';
    };
    expect(codeOf([])).toBe('bad-argument');
    expect(codeOf(Array.from({ length: 65 }, () => 'a'))).toBe('too-deep');
    expect(codeOf(Array.from({ length: 20 }, () => 'a'.repeat(250)))).toBe('name-too-long');
    expect(codeOf(Array.from({ length: 64 }, () => 'a'))).toBe('nothing');
  });
});

describe('collisionKey', () => {
  it.each([
    ['README', 'readme'], ['Straße', 'STRASSE'], ['ẞ', 'ß'], ['é', 'e\u0301'], ['ﬁle', 'file'], ['K', 'k'], ['ΣΑΣ', 'σας'],
    ['ſ', 's'], ['Å', 'å'], ['Ａ', 'a'],
  ])('takes %s and %s for one name', (a, b) => {
    expect(collisionKey(a)).toBe(collisionKey(b));
  });

  it.each([['a', 'b'], ['e', 'é'], ['a', 'a ']])('holds %s and %s apart', (a, b) => {
    expect(collisionKey(a)).not.toBe(collisionKey(b));
  });

  it('is a key: applied twice it stays, and no case mapping changes it', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
      const key = collisionKey(name);
      expect(collisionKey(key)).toBe(key);
      expect(collisionKey(name.toLowerCase())).toBe(key);
      expect(collisionKey(name.normalize('NFD'))).toBe(key);
      expect(collisionKey(name.normalize('NFC'))).toBe(key);
    }), { numRuns: 2000 });
  });
});

describe('numbered names', () => {
  it.each([
    ['a.txt', 1, 'a.txt'], ['a.txt', 2, 'a (2).txt'], ['archive.tar.gz', 3, 'archive.tar (3).gz'], ['folder', 2, 'folder (2)'],
    ['.gitignore', 2, '.gitignore (2)'], [`${'b'.repeat(251)}.txt`, 2, `${'b'.repeat(122)}…${'b'.repeat(122)} (2).txt`],
  ])('%s, number %d', (name, n, expected) => {
    expect(numberedName(name, n)).toBe(expected);
  });

  it('stay safe names', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 2, max: 1_000_000 }), (text, n) => {
      const name = numberedName(safeName(text).name, n);
      expect(safeName(name)).toEqual({ name, changed: [] });
    }), { numRuns: 1000 });
  });

  it('make a list distinct, in the same way every time', () => {
    expect(distinctNames(['a', 'A', 'a', 'A (2)'], collisionKey)).toEqual(['a', 'A (3)', 'a (4)', 'A (2)']);
    expect(distinctNames(['a', 'A', 'a'])).toEqual(['a', 'A', 'a (2)']);
    fc.assert(fc.property(fc.array(fc.constantFrom('a', 'A', 'a (2)', 'A (2)', 'ß', 'ss', 'SS', 'x.txt', 'X.TXT'), { maxLength: 30 }), (names) => {
      const distinct = distinctNames(names, collisionKey);
      expect(new Set(distinct.map(collisionKey)).size).toBe(names.length);
      expect(distinctNames(names, collisionKey)).toEqual(distinct);
    }));
  });
});

it('shortName leaves what fits', () => {
  expect(shortName('abc.txt', 7)).toBe('abc.txt');
  expect(nameBytes(shortName('a'.repeat(300), 100))).toBe(100);
});

describe('a name that is shown', () => {
  it('is in one line and ends where it ends', () => {
    expect(shownName('photo\u202egpj.exe')).toBe('photo_gpj.exe');
    expect(shownName('\u2067fdp\u2069.scr')).toBe('_fdp_.scr');
    expect(shownName('two\nlines\u2028')).toBe('two_lines_');
    // The mark at its beginning would make the whole run from right to left, and show `exe.photo.jpg`.
    expect(shownName('\u200fphoto.jpg.\u200fexe')).toBe('photo.jpg.exe');
  });
  it('is as it is otherwise, also where it could not be stored', () => {
    for (const name of ['a/b:c?.txt', 'CON', 'name. ', '', 'العربية.txt', '👩\u200d👧.jpg']) expect(shownName(name)).toBe(name);
  });
});

describe('the name of a device', () => {
  it.each(['An\u200dna', 'Anna\u200d', '\u200cAnna', 'Anna\ufe0f', 'Anna\u{e0041}', 'A\u034fnna', 'Anna\u206a', 'Anna\u{1d173}'])('has nothing in it by which it looks like another one: %j', (name) => {
    expect(plainDeviceName(name)).toBe('Anna');
  });

  it.each(['Zoë 👩\u200d💻', '❤\ufe0f', '1\ufe0f\u20e3 #\ufe0f\u20e3 *\ufe0f\u20e3', 'می\u200cخواهم', 'Jade Otter', '日本'])('keeps what scripts and pictures need: %s', (name) => {
    expect(plainDeviceName(name)).toBe(name);
  });
});
