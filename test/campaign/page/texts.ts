/** What people type into a field, by mistake or to see what happens. Nothing of it may be a text that is looked for as a mistake of the page. */
export const oddTexts = [
  '', ' ', 'a', 'Ana', 'x'.repeat(300), 'Zoë Müller', 'שלום עולם', 'مرحبا بالعالم', '\u202egpj.exe', '🎈👩‍👩‍👧‍👦🏴‍☠️', '日本語のとても長い名前'.repeat(6), '../', '../../etc/passwd', '<b>bold</b><img src=x onerror=alert(1)>', '{{ 7 * 7 }}', '{name} | {n}', '@:x.y',
  '0', '-1', '99999999999999999999', '1e309', '3.5', '3,5', '1 000', '007', '0x10', '25:61', '00:00', '127.0.0.1', '127.0.0.1:1', '[::1]:99999', 'host name:80', 'https://example.org:8443/', 'http://127.0.0.1:1/', '%E0%A4%A', "'; DROP TABLE x; --", 'file', 'moved', 'a\tb', 'word '.repeat(200),
] as const;
