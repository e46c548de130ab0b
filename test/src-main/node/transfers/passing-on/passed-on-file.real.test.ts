import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Bitfield } from '#main/core/bitfield.ts';
import { PassedOnFile } from '#main/node/transfers/passing-on/passed-on-file.ts';
import { SharedDownloads } from '#main/node/transfers/passing-on/shared-downloads.ts';
import { contentIdOf, deviceIdOf } from '#shared/ids.ts';
import type { Audience } from '#shared/model/share.ts';
import { MiB } from '#shared/units.ts';

it('says of each file that is passed on where it lies, for whom it is and how far it has come, until it is complete or stopped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'passed-on-file-'));
  try {
    const inside = join(folder, 'Trains');
    await mkdir(inside);
    const [path, whole] = [join(inside, 'film.mp4.part'), join(inside, 'film.mp4')];
    await Promise.all([path, whole].map((each) => writeFile(each, new Uint8Array(4 * MiB))));
    const id = contentIdOf(new Uint8Array(32));
    const downloads = new SharedDownloads(() => 0, () => undefined);
    const by = deviceIdOf(new Uint8Array(32).fill(1));
    const swarm = { contents: { share: () => undefined, show: () => undefined, unshare: () => undefined } };
    // Nobody is linked.
    const context = { fetched: downloads, swarm, linkTo: () => Promise.reject(new Error('away')), pause: () => Promise.resolve() };
    const passedOn = (audience: Audience | null) => new PassedOnFile(context, 1, () => Promise.resolve(audience === null ? null : { audience, by }));
    const what = { name: 'Trains/film.mp4', path, bytes: 4 * MiB, layer: null };
    const secret = passedOn(null);
    await secret.begin(id, what, new Bitfield(4), null);
    expect(downloads.underWay()).toEqual([]);

    const file = passedOn({ kind: 'public' });
    await file.begin(id, what, new Bitfield(4), null);
    file.came(2, by);
    file.came(3, null);
    expect(downloads.underWay()).toEqual([{ contentId: id, name: 'Trains/film.mp4', inside: await realpath(inside), bytes: 4 * MiB, audience: { kind: 'public' }, share: 0.25 }]);
    const { proven } = file;
    file.stop();
    expect(downloads.underWay()).toEqual([]);

    const again = passedOn({ kind: 'public' });
    await again.begin(id, what, new Bitfield(4, new Uint8Array([0b0011_0000])), proven);
    expect(downloads.underWay()[0]?.share).toBe(0.25);
    await again.complete(id, whole);
    expect(downloads.underWay()).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('says that a file is not there when the folder was moved away as it was to be passed on', async () => {
  const downloads = new SharedDownloads(() => 0, () => undefined);
  const what = { name: 'film.mp4', path: join(tmpdir(), 'moved away', 'film.mp4.part'), bytes: 4 * MiB, layer: null, audience: { kind: 'public' } as const };
  const begun = downloads.begin(contentIdOf(new Uint8Array(32)), what, { has: () => false, share: 0, bits: new Uint8Array(1) });
  await expect(begun).rejects.toMatchObject({ code: 'file-missing', params: { path: what.path } });
});
