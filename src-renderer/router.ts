import { createRouter, createWebHashHistory } from 'vue-router';
import type { Router } from 'vue-router';
import NearbyPage from './pages/NearbyPage.vue';

declare module 'vue-router' {
  interface RouteMeta {
    /** Which entry of the navigation it belongs to. */
    readonly area: Area;
  }
}

export type Area = 'nearby' | 'browse' | 'search' | 'transfers' | 'shares' | 'rooms' | 'settings';

/** A path on a device is a query, not a part of the route: names may hold anything a URL path would bend. */
export const createAppRouter = (): Router =>
  createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/', name: 'nearby', component: NearbyPage, meta: { area: 'nearby' } },
      { path: '/browse', name: 'people', component: () => import('./pages/PeoplePage.vue'), meta: { area: 'browse' } },
      { path: '/browse/:peer', name: 'browse', component: () => import('./pages/BrowsePage.vue'), meta: { area: 'browse' } },
      { path: '/search', name: 'search', component: () => import('./pages/SearchPage.vue'), meta: { area: 'search' } },
      { path: '/transfers', name: 'transfers', component: () => import('./pages/TransfersPage.vue'), meta: { area: 'transfers' } },
      { path: '/shares', name: 'shares', component: () => import('./pages/SharesPage.vue'), meta: { area: 'shares' } },
      { path: '/rooms', name: 'rooms', component: () => import('./pages/RoomsPage.vue'), meta: { area: 'rooms' } },
      { path: '/rooms/:room', name: 'room', component: () => import('./pages/RoomPage.vue'), meta: { area: 'rooms' } },
      { path: '/settings', name: 'settings', component: () => import('./pages/SettingsPage.vue'), meta: { area: 'settings' } },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  });
