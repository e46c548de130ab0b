import { expect, it } from 'vitest';
import { translator } from '#main/api/translate.ts';
import { textMenu } from '#main/electron/text-menu.ts';

const all = { canCut: true, canCopy: true, canPaste: true, canSelectAll: true };

it.each([
  ['a field', { isEditable: true, selectionText: '', editFlags: { ...all, canCut: false, canCopy: false } }, [['Cut', false], ['Copy', false], ['Paste', true], ['-', undefined], ['Select all', true]]],
  ['text of a field', { isEditable: true, selectionText: 'x', editFlags: all }, [['Cut', true], ['Copy', true], ['Paste', true], ['-', undefined], ['Select all', true]]],
  ['text that is selected', { isEditable: false, selectionText: 'x', editFlags: all }, [['Copy', true]]],
  ['an empty place', { isEditable: false, selectionText: ' ', editFlags: all }, []],
] as const)('a right click on %s offers what can be done there', (_, about, offered) => {
  expect(textMenu(translator('en'), about).map(({ label, enabled }) => [label ?? '-', enabled])).toEqual(offered);
});
