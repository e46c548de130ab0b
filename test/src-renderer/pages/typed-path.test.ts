import { mount } from '@vue/test-utils';
import { createPinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { afterEach, expect, it } from 'vitest';
import { h } from 'vue';
import { apiKey } from '../../../src-renderer/api.ts';
import { createTexts, setLanguage } from '../../../src-renderer/i18n.ts';
import OverlayHost from '../../../src-renderer/pages/overlays/OverlayHost.vue';
import { createAppRouter } from '../../../src-renderer/router.ts';
import { usePicker, type PickRequest } from '../../../src-renderer/stores/picker.ts';
import { createFakeNode } from '../fake-node.ts';
import { settled } from '../with-app.ts';

let unmount = (): void => undefined;
afterEach(() => { unmount(); });

const said = (): string => document.querySelector('[role=alert]')?.textContent ?? '';
const button = (): HTMLButtonElement => {
  const found = [...document.querySelectorAll<HTMLButtonElement>('.dialog__foot button')].at(-1);
  if (found === undefined) throw new Error('no dialog');
  return found;
};
const field = (): HTMLInputElement => {
  const found = document.querySelector<HTMLInputElement>('.picker__path input');
  if (found === null) throw new Error('no field');
  return found;
};
async function type(path: string): Promise<void> {
  field().value = path;
  field().dispatchEvent(new Event('input'));
  await settled();
}
async function enter(): Promise<void> {
  field().form?.dispatchEvent(new Event('submit', { cancelable: true }));
  await settled();
}

/** Opens the picker in the home folder, and gives what was chosen as soon as it is. */
async function picking(request: Partial<PickRequest> = {}, language: 'en' | 'es' = 'en'): Promise<{ chosen: () => string[] | null }> {
  const texts = createTexts();
  setLanguage(texts, language);
  const pinia = createPinia();
  const wrapper = mount({ render: () => h(TooltipProvider, null, { default: () => h(OverlayHost) }) }, { global: { plugins: [pinia, texts, createAppRouter()], provide: { [apiKey]: createFakeNode().api } }, attachTo: document.body });
  unmount = () => { wrapper.unmount(); };
  let chosen: string[] | null = null;
  void usePicker(pinia).pick({ kind: 'any', multiple: true, title: 'What?', ...request }).then((paths) => { chosen = paths; });
  await settled();
  expect(field().value).toBe('/home/jade');
  return { chosen: () => chosen };
}

it.each(['any', 'folder'] as const)('Enter takes the path that was typed (%s)', async (kind) => {
  const { chosen } = await picking({ kind });
  await type(' ~/Films ');
  expect(button().textContent).toContain('Choose this path');
  await enter();
  expect(chosen()).toEqual(['/home/jade/Films']);
});

it('so does the button, with what was chosen before', async () => {
  const { chosen } = await picking({}, 'es');
  document.querySelector<HTMLButtonElement>('[role=checkbox]')?.click();
  await type('/mnt/notes.txt');
  expect(button().textContent).toContain('Elegir 2');
  button().click();
  await settled();
  expect(chosen()).toEqual(['/home/jade/Desktop', '/mnt/notes.txt']);
});

it('a path that ends in a slash is looked into, as is a folder where files are wanted', async () => {
  const { chosen } = await picking();
  await type('/mnt/films/');
  expect(button().textContent).toContain('Open this path');
  await enter();
  expect([chosen(), document.querySelectorAll('.picker__row').length > 0]).toEqual([null, true]);
  unmount();
  const files = await picking({ kind: 'files' });
  await type('/mnt/films');
  await enter();
  expect([files.chosen(), field().value]).toEqual([null, '/mnt/films']);
  await type('/mnt/films/one.mkv');
  await enter();
  expect(files.chosen()).toEqual(['/mnt/films/one.mkv']);
});

it.each([
  ['/nothing', 'any', 'en', '“/nothing” is not there. Check the path, or put the file back.'],
  ['/nothing', 'any', 'es', '«/nothing» no está.'],
  ['/secret', 'files', 'en', 'Your system does not allow access to “/secret”.'],
  ['/a/film.mkv', 'folder', 'en', '“/a/film.mkv” is not a folder. Choose a folder.'],
] as const)('what cannot be taken is said plainly, and nothing is lost: %s', async (path, kind, language, text) => {
  const { chosen } = await picking({ kind }, language);
  await type(path);
  await enter();
  expect(said()).toContain(text);
  expect([chosen(), field().value]).toEqual([null, path]);
  await type('/a');
  await enter();
  expect(chosen()).toEqual(kind === 'files' ? null : ['/a']);
});

it('Enter on the open folder takes nothing that nobody chose, but that folder where one is wanted', async () => {
  const any = await picking();
  await enter();
  expect([any.chosen(), button().disabled]).toEqual([null, true]);
  unmount();
  const folder = await picking({ kind: 'folder', multiple: false });
  expect(button().textContent).toContain('Choose this folder');
  await enter();
  expect(folder.chosen()).toEqual(['/home/jade']);
});
