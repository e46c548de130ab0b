import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { bearerOf } from './identify.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a request carries the operator's token. Digests are compared, so that the time tells neither its length nor how much of it fits. */
export const hasAdminToken = (request: FastifyRequest, adminToken: string): boolean => timingSafeEqual(digest(bearerOf(request) ?? ''), digest(adminToken));
