import { expect, it } from 'vitest';
import { defineComponent } from 'vue';
import { useDownloads } from '../../../src-renderer/composables/use-downloads.ts';
import type { Notice } from '../../../src-renderer/stores/notices.ts';
import { useNotices } from '../../../src-renderer/stores/notices.ts';
import { usePeers } from '../../../src-renderer/stores/peers.ts';
import { deviceIdFor } from '../fake/people.ts';
import { mountComponent } from '../with-app.ts';

/** What is told of a download from somebody. */
const toldOf = (name: string): Promise<Notice['body'][]> => new Promise((resolve, reject) => {
  mountComponent(defineComponent({
    setup() {
      const [downloads, notices, peers] = [useDownloads(), useNotices(), usePeers()];
      const start = async (): Promise<Notice['body'][]> => {
        await peers.load();
        await downloads.start([{ kind: 'path', peer: deviceIdFor(name), path: 'Recipes' }]);
        return notices.toasts.map((notice) => notice.body);
      };
      start().then(resolve, reject);
      return () => null;
    },
  }), {});
});

it.each([['Amber Falcon', 'ui.notice.started'], ['Plum Finch', 'ui.notice.whenBack']])('a download from %s is told as what it is', async (name, title) => {
  expect(await toldOf(name)).toEqual([{ kind: 'info', title, params: { n: 1 } }]);
});
