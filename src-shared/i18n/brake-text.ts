import type { DeviceId } from '../ids.ts';
import type { Brake, SourceState } from '../model/brake.ts';
import type { Direction } from '../model/limit.ts';
import { brakeEn } from './brake.en.ts';

type DownKey = keyof (typeof brakeEn)['down'];
type UpKey = keyof (typeof brakeEn)['up'];
type SentenceKey = `brake.down.${DownKey}` | `brake.up.${UpKey}`;

export interface BrakeText {
  readonly what: `${SentenceKey}.what`;
  readonly next: `${SentenceKey}.next`;
  readonly params: Readonly<Record<string, string | number>>;
}

const isUpKey = (key: DownKey): key is DownKey & UpKey => key in brakeEn.up;

/**
 * Keys of the sentence that says why a transfer is not faster, and of what can be done. Works with any translate function:
 * `t(what, params)`, `t(next, params)`. Null for what cannot be said of this direction.
 */
export function brakeText(brake: Brake, direction: Direction, nameOf: (id: DeviceId) => string): BrakeText | null {
  const key = keyOf(brake);
  const params = 'peer' in brake ? (brake.peer === null ? {} : { name: nameOf(brake.peer) }) : brake.by === 'few-sources' ? { have: brake.have, n: brake.linked } : {};
  if (direction === 'down') return { what: `brake.down.${key}.what`, next: `brake.down.${key}.next`, params };
  return isUpKey(key) ? { what: `brake.up.${key}.what`, next: `brake.up.${key}.next`, params } : null;
}

function keyOf(brake: Brake): DownKey {
  if (brake.by === 'own-limit') return `own-${brake.limit}`;
  if ('peer' in brake) return brake.peer === null ? `${brake.by}-many` : brake.by;
  return brake.by;
}

/** How a device stands to a download, in words; `time` when it is asked again, if that is known. */
export function sourceStateText(state: SourceState, time: string | null): { readonly key: `brake.source.${keyof (typeof brakeEn)['source']}`; readonly params: Readonly<Record<string, string>> } {
  if (time !== null && (state === 'stalled' || state === 'banned')) return { key: `brake.source.${state}Until`, params: { time } };
  return { key: `brake.source.${state}`, params: {} };
}
