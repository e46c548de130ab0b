import type { Settings } from '#shared/settings.ts';

type Theme = Settings['theme'];
const storageKey = 'distrishare-theme';
const dark = window.matchMedia('(prefers-color-scheme: dark)');
let wanted: Theme = 'system';

function apply(): void {
  const isDark = wanted === 'dark' || (wanted === 'system' && dark.matches);
  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
}
dark.addEventListener('change', apply);

/** Follows the theme setting; `system` means what the desktop asks for, now and when it changes. */
export function setTheme(theme: Theme): void {
  wanted = theme;
  localStorage.setItem(storageKey, theme);
  apply();
}

/** The theme of last time, so that the page does not flash before the settings arrive. */
export function restoreTheme(): void {
  const stored = localStorage.getItem(storageKey);
  wanted = stored === 'dark' || stored === 'light' ? stored : 'system';
  apply();
}
