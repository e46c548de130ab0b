import type { Priority } from '#shared/model/transfer.ts';
import type { PriorityRank } from '../../core/swarm/events.ts';

export const rankOf: Record<Priority, PriorityRank> = { low: 0, normal: 1, high: 2 };
