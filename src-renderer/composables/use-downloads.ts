import { useRouter } from 'vue-router';
import type { TransferSource } from '#shared/api/contract.ts';
import { errorInfo } from '#shared/errors.ts';
import { useNotices } from '../stores/notices.ts';
import { usePeers } from '../stores/peers.ts';
import { usePicker } from '../stores/picker.ts';
import { useTransfers } from '../stores/transfers.ts';
import { useText } from './use-text.ts';

const atOnce = 8;

/** Starts downloads, here or into a folder the user chooses, and says so. */
export function useDownloads() {
  const { t } = useText();
  const router = useRouter();
  const notices = useNotices();
  const peers = usePeers();
  const picker = usePicker();
  const transfers = useTransfers();

  /** Whether nothing can come of it before its person is back. */
  const isAway = (source: TransferSource): boolean => source.kind === 'path' && peers.away.some((peer) => peer.id === source.peer);

  async function start(sources: readonly TransferSource[], to?: string): Promise<void> {
    const waiting = [...sources];
    const failures: unknown[] = [];
    let started = 0;
    const work = async (): Promise<void> => {
      for (let source = waiting.shift(); source; source = waiting.shift()) {
        try {
          await transfers.start(to === undefined ? { source } : { source, to });
          started++;
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    // Many of one kind are one message.
    for (const failure of new Map(failures.map((each) => [errorInfo(each).code, each])).values()) notices.problem(failure);
    if (started > 0) notices.add({ kind: 'info', title: sources.every(isAway) ? 'ui.notice.whenBack' : 'ui.notice.started', params: { n: started } }, { label: 'ui.notice.showTransfers', run: () => void router.push({ name: 'transfers' }) });
  }
  async function startIn(sources: readonly TransferSource[]): Promise<void> {
    const [folder] = await picker.pick({ kind: 'folder', multiple: false, title: t('ui.picker.saveIn') });
    if (folder !== undefined) await start(sources, folder);
  }
  return { start, startIn };
}
