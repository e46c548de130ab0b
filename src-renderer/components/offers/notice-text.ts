import type { NoticeBody } from '../../stores/notices.ts';
import type { useText } from '../../composables/use-text.ts';

/** The two lines of a notice; sizes arrive as `bytes` and are written in the user's way. */
export function noticeText(body: NoticeBody, { t, bytes, problem }: Pick<ReturnType<typeof useText>, 't' | 'bytes' | 'problem'>): { title: string; text: string } {
  if (body.kind === 'problem') {
    const { what, next } = problem(body.error);
    return { title: what, text: next };
  }
  const size = body.params['bytes'];
  const params = { ...body.params, ...(typeof size === 'number' ? { bytes: bytes(size) } : {}) };
  return { title: t(body.title, params), text: body.text ? t(body.text, params) : '' };
}
