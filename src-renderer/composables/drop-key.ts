import type { InjectionKey } from 'vue';
import type { FileDrop } from './use-file-drop.ts';

/** The window's one file drop, for pages that show it. */
export const dropKey: InjectionKey<FileDrop> = Symbol('drop');
