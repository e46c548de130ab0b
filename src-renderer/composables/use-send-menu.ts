import { FileIcon, FilesIcon, FolderIcon, MessageSquareTextIcon } from '@lucide/vue';
import { computed } from 'vue';
import type { DeviceId } from '#shared/ids.ts';
import type { ActionItem } from '../components/base/action-item.ts';
import { usePicker } from '../stores/picker.ts';
import { useSending } from '../stores/sending.ts';
import { useText } from './use-text.ts';

/** The choices behind "Send": system dialogs take files or a folder, our own takes both at once. */
export function useSendMenu() {
  const { t } = useText();
  const picker = usePicker();
  const sending = useSending();
  const items = computed((): ActionItem[] => [
    ...(picker.native()
      ? [{ id: 'files', text: t('ui.send.files'), icon: FileIcon }, { id: 'folder', text: t('ui.send.folder'), icon: FolderIcon }]
      : [{ id: 'any', text: t('ui.send.any'), icon: FilesIcon }]),
    { id: 'text', text: t('ui.send.text'), icon: MessageSquareTextIcon },
  ]);

  async function choose(peer: DeviceId, id: string): Promise<void> {
    if (id === 'text') return sending.writeTo(peer);
    const kind = id === 'files' || id === 'folder' ? id : 'any';
    const paths = await picker.pick({ kind, multiple: true, title: t('ui.picker.send') });
    if (paths.length > 0) await sending.send([peer], paths);
  }
  return { items, choose };
}
