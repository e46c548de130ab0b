import type { NoticeBody } from '../../stores/notices.ts';
import { shownName } from '#shared/names.ts';
import type { useText } from '../../composables/use-text.ts';

/** More of a name would be a column of it beside the button. */
const atMostChars = 56;
const endChars = 16;
/** A long name without its middle: its end tells one version from another, and what it is. */
function brief(name: string): string {
  const letters = Array.from(shownName(name));
  return letters.length <= atMostChars ? letters.join('') : `${letters.slice(0, atMostChars - endChars - 1).join('').trimEnd()}…${letters.slice(-endChars).join('').trimStart()}`;
}
const mapNames = (params: Readonly<Record<string, string | number>>): Record<string, string | number> => Object.fromEntries(Object.entries(params).map(([key, value]) => [key, typeof value === 'string' && (key === 'name' || key === 'what') ? brief(value) : value]));

/** The two lines of a notice; sizes arrive as `bytes` and are written in the user's way. */
export function noticeText(body: NoticeBody, { t, bytes, problem }: Pick<ReturnType<typeof useText>, 't' | 'bytes' | 'problem'>): { title: string; text: string } {
  if (body.kind === 'problem') {
    const { what, next } = problem(body.error);
    return { title: what, text: next };
  }
  const size = body.params['bytes'];
  const params = { ...mapNames(body.params), ...(typeof size === 'number' ? { bytes: bytes(size) } : {}) };
  return { title: t(body.title, params), text: body.text ? t(body.text, params) : '' };
}
