/** What servers on one Redis have in common; loaded only where there is one. */
export { RedisMailboxes } from './redis-mailboxes.ts';
export { RedisStore } from './redis-store.ts';
