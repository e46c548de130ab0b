import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { CallResult } from '#shared/api/contract.ts';
import { useApi } from '../api.ts';

/** `any`: files and folders together, which system dialogs cannot offer but ours can. */
export interface PickRequest {
  readonly kind: 'files' | 'folder' | 'any';
  readonly multiple: boolean;
  readonly title: string;
}

export type LocalListing = CallResult<'local.list'>;

/** Choosing files and folders of the machine the node runs on: the system's dialog on the desktop, ours elsewhere. */
export const usePicker = defineStore('picker', () => {
  const api = useApi();
  const request = shallowRef<PickRequest | null>(null);
  let answer: (paths: string[]) => void = () => {};

  const native = (): boolean => window.distrishare?.pickPaths !== undefined;

  /** Paths chosen, none when the user changed their mind. */
  function pick(wanted: PickRequest): Promise<string[]> {
    const pickPaths = window.distrishare?.pickPaths;
    if (pickPaths && wanted.kind !== 'any') return pickPaths({ kind: wanted.kind, multiple: wanted.multiple, title: wanted.title });
    answer([]);
    request.value = wanted;
    return new Promise((resolve) => (answer = resolve));
  }
  function close(paths: string[]): void {
    request.value = null;
    answer(paths);
    answer = () => {};
  }
  const list = (path: string, files: boolean): Promise<LocalListing> => api.call('local.list', { path, files });

  const find = (path: string): Promise<CallResult<'local.find'>> => api.call('local.find', { path });

  return { request, native, pick, close, list, find };
});
