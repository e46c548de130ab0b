import { effectScope } from 'vue';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { useFileDrop } from '../../../src-renderer/composables/use-file-drop.ts';

let pasted: (string[] | null)[];
let scope: ReturnType<typeof effectScope>;
beforeEach(() => {
  pasted = [];
  document.body.innerHTML = '<main></main><input>';
  scope = effectScope();
  scope.run(() => useFileDrop(({ files }, person) => pasted.push(person === null ? files.map(({ name }) => name) : null)));
});
afterEach(() => { scope.stop(); });

/** Whether the page took what was pasted. */
function paste(into: string, files: readonly File[]): boolean {
  const items = files.map((file) => ({ kind: 'file', webkitGetAsEntry: () => null, getAsFile: () => file }));
  const event = Object.assign(new Event('paste', { bubbles: true, cancelable: true }), { clipboardData: { files, items } });
  document.querySelector(into)?.dispatchEvent(event);
  return event.defaultPrevented;
}
const film = new File(['x'], 'film.mkv');

it('takes files that are pasted as if they were dropped in an empty place', () => {
  expect([paste('main', [film]), pasted]).toEqual([true, [['film.mkv']]]);
});

it('leaves alone what is pasted into a field or a dialog, and text', () => {
  const taken = [paste('input', [film]), paste('main', [])];
  document.body.insertAdjacentHTML('beforeend', '<div role="dialog"></div>');
  expect([...taken, paste('main', [film]), paste('[role=dialog]', [film]), pasted]).toEqual([false, false, false, false, []]);
});
