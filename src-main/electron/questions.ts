import { dialog } from 'electron';
import type { BrowserWindow } from 'electron';
import type { Locale } from '#shared/i18n/locale.ts';
import { translator } from '../api/translate.ts';
import { desktopTexts } from './desktop-texts.ts';

/** What closing the window shall do, asked the first time. */
export async function askOnClose(window: BrowserWindow, locale: Locale): Promise<{ answer: 'tray' | 'quit' | 'cancel'; remember: boolean }> {
  const { title, body, keep, quit, cancel, remember } = desktopTexts[locale].closeQuestion;
  const { response, checkboxChecked } = await dialog.showMessageBox(window, {
    type: 'question', message: title, detail: body, buttons: [keep, quit, cancel], defaultId: 0, cancelId: 2, checkboxLabel: remember, noLink: true,
  });
  return { answer: response === 0 ? 'tray' : response === 1 ? 'quit' : 'cancel', remember: checkboxChecked };
}

/** Whether to quit although transfers are running. */
export async function askToQuit(locale: Locale, transfers: number): Promise<boolean> {
  const t = translator(locale);
  const { response } = await dialog.showMessageBox({
    type: 'question', message: t('notification.quitWithTransfers.title', { n: transfers }), detail: t('notification.quitWithTransfers.body'),
    buttons: [t('notification.quitWithTransfers.stay'), t('notification.quitWithTransfers.quit')], defaultId: 0, cancelId: 0, noLink: true,
  });
  return response === 1;
}
