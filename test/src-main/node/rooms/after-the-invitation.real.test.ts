import { expect, it, vi } from 'vitest';
import type { RunningNode } from '#main/node/node.ts';
import type { InvitingTime } from '#main/node/rooms/inviting-time.ts';
import { wholeNodes } from '../whole-nodes.ts';

const times: InvitingTime[] = [];
vi.mock('#main/node/rooms/inviting-time.ts', async (original) => {
  const real = await original<typeof import('#main/node/rooms/inviting-time.ts')>();
  return {
    InvitingTime: class extends real.InvitingTime {
      constructor(...args: ConstructorParameters<typeof InvitingTime>) {
        super(...args);
        times.push(this);
      }
    },
  };
});

const nodes = wholeNodes();
const patience = { timeout: 20_000, interval: 20 };
const sees = async (node: RunningNode): Promise<string[]> => (await node.api.call('peers.list', {})).filter(({ online }) => online).map(({ name }) => name).toSorted();

it('shows out who came while somebody was invited and is no member, when that time is over', async () => {
  const host = await nodes.start('Host', { visibility: 'paired' });
  const [guest, stranger] = [await nodes.start('Guest'), await nodes.start('Stranger')];
  const { id } = await host.api.call('rooms.create', { name: 'Reading circle', lastsMs: null });
  const { link } = await host.api.call('rooms.invite', { room: id, language: 'en' });
  const toHost = { address: `127.0.0.1:${host.port}` };
  await stranger.api.call('peers.connect', toHost);
  await guest.api.call('rooms.join', { invitation: link });
  await vi.waitFor(async () => { expect((await host.api.call('rooms.list', {}))[0]?.members).toMatchObject([{ name: 'Guest', online: true }]); }, patience);
  expect(await sees(host)).toEqual(['Guest', 'Stranger']);

  for (const time of times) time.end();
  await vi.waitFor(async () => { expect(await sees(host)).toEqual(['Guest']); }, patience);
  await expect(stranger.api.call('peers.connect', toHost)).rejects.toMatchObject({ code: 'refused' });
});
