import { useNotices } from '../stores/notices.ts';
import { usePeers } from '../stores/peers.ts';
import { useSending } from '../stores/sending.ts';
import { useSharing } from '../stores/sharing.ts';
import { useUploads } from '../stores/uploads.ts';
import type { DesktopBridge } from '#shared/api/bridge.ts';
import { limits } from '#shared/limits.ts';
import type { Audience } from '#shared/model/share.ts';
import { nameOf, type Dropped } from './dropped-items.ts';

/** Where a file lies, or a copy of it that is kept, for a picture out of another program, say; empty where none can be. */
async function pathOf(file: File, bridge: DesktopBridge<File>): Promise<string> {
  const path = bridge.pathForFile(file);
  if (path !== '') return path;
  if (bridge.keepFile === undefined || file.size > limits.desktop.keptFileBytes) return '';
  try {
    return await bridge.keepFile(nameOf(file), new Uint8Array(await file.arrayBuffer()));
  } catch {
    return '';
  }
}

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
      const paths = await Promise.all(dropped.files.map((file) => pathOf(file, bridge)));
      if (paths.includes('')) notices.add({ kind: 'info', title: 'ui.notice.noPlace', text: 'ui.notice.noPlaceText', params: {} });
      return paths.filter((path) => path !== '');
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
