import { disableAutoUnmount, enableAutoUnmount } from '@vue/test-utils';
import { afterEach, vi } from 'vitest';

// Read before each file, by one process for many files.
disableAutoUnmount();
// What is asked for last happens first: components go while their page is there.
afterEach(() => {
  document.body.replaceChildren();
  localStorage.clear();
  vi.useRealTimers();
});
enableAutoUnmount(afterEach);
