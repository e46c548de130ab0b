import { afterEach, expect, it, vi } from 'vitest';
import type { DesktopBridge } from '#shared/api/bridge.ts';
import { limits } from '#shared/limits.ts';
import { useDropped } from '../../../src-renderer/composables/use-dropped.ts';
import { useNotices } from '../../../src-renderer/stores/notices.ts';
import { useSending } from '../../../src-renderer/stores/sending.ts';
import { settled, surroundings } from '../with-app.ts';

afterEach(() => { vi.unstubAllGlobals(); });

/** Drops a picture that lies nowhere and a letter that does; gives what is to be sent, and what the user is told. */
async function drop(picture: File, keepFile?: NonNullable<DesktopBridge['keepFile']>) {
  const bridge: DesktopBridge<File> = {
    platform: 'linux', send: () => undefined, onMessage: () => () => undefined, pathForFile: (file) => (file === picture ? '' : `/home/jade/${file.name}`),
    ...(keepFile !== undefined && { keepFile }),
  };
  vi.stubGlobal('distrishare', bridge);
  const { run } = surroundings();
  const [dropped, notices, sending] = run(() => [useDropped(), useNotices(), useSending()] as const);
  dropped({ files: [picture, new File(['a letter'], 'letter.txt')], entries: [] }, null, false, null);
  await settled();
  return { sending: sending.undecided, told: notices.toasts.map(({ body }) => body) };
}
const pasted = (): File => new File(['pixels'], 'image.png', { lastModified: new Date(2026, 10, 4, 9, 5, 7).getTime() });
const told = [expect.objectContaining({ title: 'ui.notice.noPlace' })];

it('a picture that is no file is kept under a name that tells when it was pasted, and goes with the files beside it', async () => {
  const kept: [string, string][] = [];
  const keepFile = (name: string, bytes: Uint8Array): Promise<string> => {
    kept.push([name, new TextDecoder().decode(bytes)]);
    return Promise.resolve(`/data/outbox/1/${name}`);
  };
  expect(await drop(pasted(), keepFile)).toEqual({ sending: ['/data/outbox/1/image 2026-11-04 09.05.07.png', '/home/jade/letter.txt'], told: [] });
  expect(kept).toEqual([['image 2026-11-04 09.05.07.png', 'pixels']]);
});

it('one that cannot be kept is said to be no file, and the files beside it are taken', async () => {
  const refused = (): Promise<string> => Promise.reject(new Error('disk-full'));
  const large = Object.defineProperty(pasted(), 'size', { value: limits.desktop.keptFileBytes + 1 });
  const unreadable = Object.assign(pasted(), { arrayBuffer: () => Promise.reject(new Error('NotFoundError')) });
  const never = vi.fn(() => Promise.resolve('/never'));
  for (const [picture, keepFile] of [[pasted(), refused], [large, never], [unreadable, never], [pasted(), undefined]] as const) {
    expect(await drop(picture, keepFile)).toEqual({ sending: ['/home/jade/letter.txt'], told });
  }
  expect(never).not.toHaveBeenCalled();
});
