import { formatBytes } from '#shared/i18n/format.ts';
import { absolute } from '../context.ts';
import type { AddCommands } from '../context.ts';

export const addHashCommand: AddCommands = (program, context) => {
  const { t, out, signal } = context;
  program.command('hash').description(t('cli.command.hash')).argument('<path>', t('cli.argument.path')).action(async (path: string) => {
    const { hashPath } = await import('../hash-path.ts');
    const result = await hashPath(absolute(context, path), {
      signal,
      onProgress: (doneBytes, name) => { if (out.showsProgress) out.progress(0, formatBytes(out.locale, doneBytes), name); },
    });
    out.clearProgress();
    out.event('hash', result);
    out.line(result.contentId);
    for (const skipped of result.skipped) out.note(t('cli.hash.skipped', { path: skipped }));
  });
};
