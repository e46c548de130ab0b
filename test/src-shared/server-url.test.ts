import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceIdOf } from '#shared/ids.ts';
import { parseServerUrl } from '#shared/server-url.ts';

const fingerprint = deviceIdOf(new Uint8Array(32).fill(5));

describe('the URL of a server', () => {
  it.each([
    ['https://share.example.org', 'https://share.example.org', 'share.example.org', 443],
    ['Share.Example.org/', 'https://share.example.org', 'share.example.org', 443],
    [' https://192.0.2.7:47900 ', 'https://192.0.2.7:47900', '192.0.2.7', 47_900],
    ['[2001:db8::7]:443', 'https://[2001:db8::7]', '2001:db8::7', 443],
    [`https://box:8443/#${fingerprint.toLowerCase().replaceAll('-', '')}`, `https://box:8443#${fingerprint}`, 'box', 8443],
  ])('%s is %s', (text, canonical, host, port) => {
    expect(parseServerUrl(text)).toMatchObject({ text: canonical, host, port, fingerprint: text.includes('#') ? fingerprint : null });
  });

  it.each(['', 'https://', 'http://share.example.org', 'https://a:0', 'https://a:70000', 'https://a/path', 'https://user@a', `https://a#${fingerprint.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`, 'https://a#', 'a b', 'x'.repeat(500)])('%s is none', (text) => {
    expect(parseServerUrl(text)).toBeNull();
  });

  it('is the same when it is read again, and reading never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webAuthority(), fc.webUrl()), (text) => {
      const url = parseServerUrl(text);
      if (url !== null) expect(parseServerUrl(url.text)).toEqual(url);
    }));
  });
});
