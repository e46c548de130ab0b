import { expect, it, vi } from 'vitest';
import { useNotices } from '../../../src-renderer/stores/notices.ts';
import { useSending } from '../../../src-renderer/stores/sending.ts';
import { offerOf } from '../../src-main/cli/things.ts';
import { surroundings } from '../with-app.ts';

it('says what of a folder is not sent, once, to however many people', async () => {
  const { node, run } = surroundings();
  vi.spyOn(node.api, 'call').mockResolvedValue(offerOf({ leftOut: { count: 5, first: ['Album/pipe', 'Album/link'] } }));
  const { notices, sending } = run(() => ({ notices: useNotices(), sending: useSending() }));
  const { peer } = offerOf();
  await sending.send([peer, peer], ['/home/ann/Album']);
  expect(notices.toasts.map(({ body }) => body)).toEqual([{ kind: 'info', title: 'ui.notice.leftOut', text: 'ui.notice.leftOutText', params: { n: 5, names: 'Album/pipe, Album/link, …' } }]);
});
