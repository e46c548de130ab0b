import { ArrowDownUpIcon, DoorOpenIcon, FolderOpenIcon, HardDriveUploadIcon, RadarIcon, SearchIcon, SettingsIcon } from '@lucide/vue';
import type { Component } from 'vue';
import type { RouteLocationRaw } from 'vue-router';
import type { Area } from '../../router.ts';

export interface NavEntry {
  readonly area: Area;
  readonly icon: Component;
  readonly to: RouteLocationRaw;
}

/** The entries of the sidebar and the bottom bar; settings stand apart. */
export const mainEntries: readonly NavEntry[] = [
  { area: 'nearby', icon: RadarIcon, to: { name: 'nearby' } },
  { area: 'browse', icon: FolderOpenIcon, to: { name: 'people' } },
  { area: 'search', icon: SearchIcon, to: { name: 'search' } },
  { area: 'transfers', icon: ArrowDownUpIcon, to: { name: 'transfers' } },
  { area: 'shares', icon: HardDriveUploadIcon, to: { name: 'shares' } },
  { area: 'rooms', icon: DoorOpenIcon, to: { name: 'rooms' } },
];
export const settingsEntry: NavEntry = { area: 'settings', icon: SettingsIcon, to: { name: 'settings' } };
