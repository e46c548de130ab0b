import { useNotices } from '../stores/notices.ts';
import { usePeers } from '../stores/peers.ts';
import { useSending } from '../stores/sending.ts';
import { useSharing } from '../stores/sharing.ts';
import { useUploads } from '../stores/uploads.ts';
import type { Audience } from '#shared/model/share.ts';
import type { Dropped } from './dropped-items.ts';

/**
 * What a drop does: shares on the Shares page and in a room (`suggested`), sends to the person under it, else asks to whom. A desktop tells where
 * dropped files lie; a browser does not, so there they are copied to the node first.
 */
export function useDropped(): (dropped: Dropped, person: string | null, share: boolean, suggested: Audience | null) => void {
  const notices = useNotices();
  const peers = usePeers();
  const sending = useSending();
  const sharing = useSharing();
  const uploads = useUploads();

  async function pathsOf(dropped: Dropped): Promise<readonly string[]> {
    const bridge = window.distrishare;
    if (bridge) {
      const paths = dropped.files.map((file) => bridge.pathForFile(file)).filter((path) => path !== '');
      // A picture out of another program, say.
      if (paths.length < dropped.files.length) notices.add({ kind: 'info', title: 'ui.notice.noPlace', text: 'ui.notice.noPlaceText', params: {} });
      return paths;
    }
    return (await notices.attempt(() => uploads.take(dropped))) ?? [];
  }

  async function take(dropped: Dropped, person: string | null, share: boolean, suggested: Audience | null): Promise<void> {
    const paths = await pathsOf(dropped);
    if (paths.length === 0) return;
    const peer = peers.all.find((candidate) => candidate.id === person);
    if (share) sharing.ask(paths, suggested);
    else if (peer) await sending.send([peer.id], paths);
    else sending.choosePeople(paths);
  }
  return (dropped, person, share, suggested) => void take(dropped, person, share, suggested);
}
