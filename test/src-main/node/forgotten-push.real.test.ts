import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { wholeNodes } from './whole-nodes.ts';

const nodes = wholeNodes();

it('what was sent can be taken off after its download was', async () => {
  const [anna, ben] = await Promise.all([nodes.start('Anna'), nodes.start('Ben')]);
  await writeFile(join(nodes.folder, 'film'), 'film');
  await ben.api.call('peers.connect', { address: `127.0.0.1:${anna.port}` });
  await anna.api.call('offers.send', { peer: 'Ben', paths: [join(nodes.folder, 'film')] });
  await expect.poll(() => ben.api.call('offers.list', {})).toHaveLength(1);
  const [offer] = await ben.api.call('offers.list', {});
  if (offer === undefined) expect.fail('nothing came');
  await ben.api.call('offers.accept', { id: offer.id });
  await expect.poll(() => ben.api.call('offers.list', {})).toMatchObject([{ state: 'done' }]);
  const { transfers: [transfer] } = await ben.api.call('transfers.list', {});
  expect(await ben.api.call('transfers.forget', { id: transfer?.id })).toEqual({ forgotten: 1 });
  expect(await ben.api.call('offers.cancel', { id: offer.id })).toMatchObject({ state: 'cancelled' });
});
