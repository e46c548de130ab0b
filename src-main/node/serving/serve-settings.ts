import type { Settings } from '#shared/settings.ts';
import { second } from '#shared/units.ts';
import { defaultServeSettings, type ServeSettings } from '../../core/serve/events.ts';

/** The user's numbers for choking, as they are whenever they are looked at; the time over which rates are taken holds for links from then on. */
export const serveSettingsOf = (settings: () => Settings): ServeSettings => ({
  ...defaultServeSettings,
  get slots() { return settings().uploadSlots; },
  get rechokeMs() { return settings().rechokeSeconds * second; },
  get optimisticMs() { return settings().optimisticSeconds * second; },
  get rateWindowMs() { return settings().rateWindowSeconds * second; },
  get snubbedAfterMs() { return settings().snubbedSeconds * second; },
});
