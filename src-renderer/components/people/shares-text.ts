import type { Peer } from '#shared/model/peer.ts';
import { shownName } from '#shared/names.ts';
import type { useText } from '../../composables/use-text.ts';

/** What a person shares: the first names, and how many there are besides. */
export function sharesText({ names, count }: Peer['shares'], atMost: number, t: ReturnType<typeof useText>['t']): string {
  const shown = names.slice(0, atMost).map(shownName);
  const more = count - shown.length;
  return more > 0 ? t('ui.nearby.sharesAndMore', { names: shown.join(', '), n: more }) : shown.join(', ');
}
