import { describe, expect, it } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { useNotices } from '../../../src-renderer/stores/notices.ts';
import { surroundings } from '../with-app.ts';

describe('notices', () => {
  it('show a failure with its code; a cancelled thing is no news', async () => {
    const notices = surroundings().run(() => useNotices());
    expect(await notices.attempt(() => Promise.reject(new AppError('timeout')))).toBeNull();
    expect(await notices.attempt(() => Promise.reject(new AppError('cancelled')))).toBeNull();
    expect(await notices.attempt(() => Promise.resolve(7))).toBe(7);
    expect(notices.toasts.map((notice) => notice.body)).toMatchObject([{ kind: 'problem', error: { code: 'timeout' } }]);
  });
  it('do not repeat what still stands there, keep four at once and all for the bell', () => {
    const notices = surroundings().run(() => useNotices());
    notices.problem(new AppError('timeout'));
    notices.problem(new AppError('timeout'));
    expect(notices.toasts).toHaveLength(1);
    for (const code of ['refused', 'blocked', 'declined', 'no-sources'] as const) notices.problem(new AppError(code));
    expect(notices.toasts).toHaveLength(4);
    expect(notices.history).toHaveLength(5);
    expect(notices.unread).toBe(5);
    notices.read();
    expect(notices.unread).toBe(0);
  });
});
