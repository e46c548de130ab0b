import { config } from 'zod';
import { connectToNode } from './api.ts';
import { createDistriShareApp } from './app.ts';
import { takePageKey } from './page-key.ts';

// The page's content policy forbids making code from text, which zod would else try.
config({ jitless: true });
takePageKey();
createDistriShareApp(connectToNode()).mount('#app');
