import { useEventListener } from '@vueuse/core';
import { readonly, ref } from 'vue';
import type { Ref } from 'vue';
import { captureDrop } from './dropped-items.ts';
import type { Dropped } from './dropped-items.ts';

export interface FileDrop {
  /** Files are held over the window. */
  readonly held: Readonly<Ref<boolean>>;
  /** Value of `data-drop-person` of the element under them. */
  readonly target: Readonly<Ref<string | null>>;
  /** How many; systems do not tell names before the drop. */
  readonly count: Readonly<Ref<number>>;
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
const personAt = (event: DragEvent): string | null =>
  event.target instanceof Element ? (event.target.closest('[data-drop-person]')?.getAttribute('data-drop-person') ?? null) : null;

/** Files dragged over and dropped on the window, onto a person or an empty place, or pasted, which is a drop in an empty place. */
export function useFileDrop(onDrop: (dropped: Dropped, target: string | null) => void): FileDrop {
  const held = ref(false);
  const target = ref<string | null>(null);
  const count = ref(0);
  // Enter and leave fire for every element passed; the drag is over when as many were left as entered.
  let depth = 0;

  function end(): void {
    depth = 0;
    held.value = false;
    target.value = null;
  }
  useEventListener(window, 'dragenter', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth++;
    held.value = true;
    count.value = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === 'file').length;
  });
  useEventListener(window, 'dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    target.value = personAt(event);
  });
  useEventListener(window, 'dragleave', () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) end();
  });
  useEventListener(window, 'drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    const dropped = event.dataTransfer ? captureDrop(event.dataTransfer) : null;
    const person = personAt(event);
    end();
    if (dropped && dropped.files.length > 0) onDrop(dropped, person);
  });
  useEventListener(window, 'paste', (event) => {
    // A field and a dialog have a use of their own for what is pasted, or none.
    const isInField = event.target instanceof Element && event.target.closest('input, textarea') !== null;
    if (isInField || event.clipboardData === null || document.querySelector('[role=dialog], [role=alertdialog]') !== null) return;
    const pasted = captureDrop(event.clipboardData);
    if (pasted.files.length === 0) return;
    event.preventDefault();
    onDrop(pasted, null);
  });

  return { held: readonly(held), target: readonly(target), count: readonly(count) };
}
