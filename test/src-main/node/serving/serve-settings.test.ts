import { expect, it } from 'vitest';
import { defaultServeSettings } from '#main/core/serve/events.ts';
import { serveSettingsOf } from '#main/node/serving/serve-settings.ts';
import { defaultSettings, type Settings } from '#shared/settings.ts';

const usual: Settings = { ...defaultSettings, name: 'Ana', downloadDir: '/downloads' };

it('are BitTorrent’s unless the user says otherwise', () => {
  expect({ ...serveSettingsOf(() => usual) }).toEqual(defaultServeSettings);
  expect(defaultServeSettings).toMatchObject({ slots: 4, rechokeMs: 10_000, optimisticMs: 30_000, rateWindowMs: 20_000, snubbedAfterMs: 60_000 });
});

it('hold from the moment they are changed', () => {
  let now = usual;
  const serving = serveSettingsOf(() => now);
  now = { ...usual, uploadSlots: 9, rechokeSeconds: 5, optimisticSeconds: 15, rateWindowSeconds: 8, snubbedSeconds: 30 };
  expect({ ...serving }).toMatchObject({ slots: 9, rechokeMs: 5000, optimisticMs: 15_000, rateWindowMs: 8000, snubbedAfterMs: 30_000 });
});
