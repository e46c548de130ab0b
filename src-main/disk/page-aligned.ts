import { KiB } from '#shared/units.ts';
import type { Bytes } from '#shared/units.ts';

/** Part of every engine, but only the types of browsers tell of it. */
declare const WebAssembly: { readonly Memory: new (pages: { initial: number; maximum: number; shared: true }) => { readonly buffer: unknown } };

const wasmPageBytes = 64 * KiB;

/**
 * Memory that begins with a page, as direct reads and writes want it; at least `bytes`. Only what is made for WebAssembly is promised to. Where there
 * is none to be had, any will do: the system then refuses to use it directly, and the plain way is taken.
 */
export function pageAligned(bytes: Bytes): SharedArrayBuffer {
  const pages = Math.ceil(bytes / wasmPageBytes);
  try {
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    if (buffer instanceof SharedArrayBuffer) return buffer;
  } catch {
    // No room in the address space.
  }
  return new SharedArrayBuffer(pages * wasmPageBytes);
}
