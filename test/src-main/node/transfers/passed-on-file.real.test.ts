import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Bitfield } from '#main/core/bitfield.ts';
import { PassedOnFile } from '#main/node/transfers/passed-on-file.ts';
import { SharedDownloads } from '#main/node/transfers/shared-downloads.ts';
import { contentIdOf } from '#shared/ids.ts';
import type { Audience } from '#shared/model/share.ts';

it('says of each file that is passed on where it lies, for whom it is and how far it has come, until it is complete or stopped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'passed-on-file-'));
  try {
    const inside = join(folder, 'Trains');
    await mkdir(inside);
    const [path, whole] = [join(inside, 'film.mp4.part'), join(inside, 'film.mp4')];
    await Promise.all([path, whole].map((each) => writeFile(each, 'bytes')));
    const id = contentIdOf(new Uint8Array(32));
    const downloads = new SharedDownloads(() => 0);
    const passedOn = (audience: Audience | null) => new PassedOnFile(downloads, () => Promise.resolve(audience));
    const what = { name: 'Trains/film.mp4', path, bytes: 5, layer: null };
    const verified = new Bitfield(4);
    const secret = passedOn(null);
    await secret.begin(id, what, { verified });
    expect(downloads.underWay()).toEqual([]);

    const file = passedOn({ kind: 'public' });
    await file.begin(id, what, { verified });
    verified.add(2);
    expect(downloads.underWay()).toEqual([{ contentId: id, name: 'Trains/film.mp4', inside: await realpath(inside), bytes: 5, audience: { kind: 'public' }, share: 0.25 }]);
    file.stop();
    expect(downloads.underWay()).toEqual([]);
    await file.begin(id, what, { verified });
    await file.complete(id, { ...what, path: whole });
    expect(downloads.underWay()).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
