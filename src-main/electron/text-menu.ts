import type { ContextMenuParams, MenuItemConstructorOptions } from 'electron';
import type { Translate } from '../api/translate.ts';

/** What a right click on text offers: in a field what can be done with it, elsewhere to copy what is selected. Empty where there is nothing. */
export function textMenu(t: Translate, { isEditable, selectionText, editFlags }: Pick<ContextMenuParams, 'isEditable' | 'selectionText'> & { editFlags: Pick<ContextMenuParams['editFlags'], 'canCut' | 'canCopy' | 'canPaste' | 'canSelectAll'> }): MenuItemConstructorOptions[] {
  const copy: MenuItemConstructorOptions = { role: 'copy', label: t('menu.copy'), enabled: editFlags.canCopy };
  if (!isEditable) return selectionText.trim() === '' ? [] : [copy];
  return [
    { role: 'cut', label: t('menu.cut'), enabled: editFlags.canCut }, copy, { role: 'paste', label: t('menu.paste'), enabled: editFlags.canPaste },
    { type: 'separator' }, { role: 'selectAll', label: t('menu.selectAll'), enabled: editFlags.canSelectAll },
  ];
}
