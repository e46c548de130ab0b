import './fonts.css';
import '../styles/tokens.css';
import '../styles/base.css';
import './page-table.css';
import { createApp } from 'vue';
import { config } from 'zod';
import { restoreTheme } from '../theme.ts';
import DashboardRoot from './DashboardRoot.vue';
import { createDashboardTexts } from './use-dashboard-text.ts';

// The page's content policy forbids making code from text, which zod would else try.
config({ jitless: true });
restoreTheme();
createApp(DashboardRoot).use(createDashboardTexts()).mount('#app');
