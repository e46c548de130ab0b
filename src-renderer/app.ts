import './styles/fonts.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/overlays.css';
import { createPinia } from 'pinia';
import { createApp, watch } from 'vue';
import type { App } from 'vue';
import AppRoot from './AppRoot.vue';
import { apiKey } from './api.ts';
import type { LiveApi } from './api.ts';
import { createTexts, setLanguage } from './i18n.ts';
import { createAppRouter } from './router.ts';
import { useNode } from './stores/node.ts';
import { restoreTheme, setTheme } from './theme.ts';

/** The whole UI on any node; mount it on an element. */
export function createDistriShareApp(api: LiveApi): App {
  restoreTheme();
  const texts = createTexts();
  const app = createApp(AppRoot).provide(apiKey, api).use(createPinia()).use(texts).use(createAppRouter());
  app.runWithContext(() => {
    const node = useNode();
    watch(() => node.settings?.language, (language) => { if (language) setLanguage(texts, language); });
    watch(() => node.settings?.theme, (theme) => { if (theme) setTheme(theme); });
  });
  return app;
}
