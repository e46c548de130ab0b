import { afterEach } from 'vitest';
import * as z from 'zod';
import { makeIdentity, type Identity } from '#main/net/identity.ts';
import { createLinks, type LinksOptions } from '#main/net/links.ts';
import type { BlockSink, Link, LinkHandler, Links } from '#main/node/ports/links.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import { toHex } from '#shared/ids.ts';
import { AppError } from '#shared/errors.ts';
import type { Notice } from '#shared/protocol/control.ts';
import type { BlockRequest, RejectReason } from '#shared/protocol/hot-frames.ts';

const anything = z.custom<never>(() => true);

/** What a test handler was told, and what it should do. */
export class TestHandler implements LinkHandler {
  readonly notices: Notice[] = [];
  readonly closedLinks: { link: Link; reason: ErrorInfo }[] = [];
  readonly cancelled: { lane: number; requestId: number }[] = [];
  /** What was said of swarms, in order. */
  readonly swarm: object[] = [];
  #onEvent: (() => void)[] = [];
  answer: (method: string, params: unknown, signal: AbortSignal) => Promise<unknown> = () => Promise.reject(new AppError('not-found'));
  wanted: (link: Link, lane: number, request: BlockRequest) => void = (link, lane, request) => { link.rejectBlock(lane, request.requestId, 'gone'); };

  request: LinkHandler['request'] = async (_link, method, params, signal) => {
    // A test answers as it likes, also with what the schema refuses.
    return anything.parse(await this.answer(method, params, signal));
  };
  notice: LinkHandler['notice'] = (_link, notice) => { this.notices.push(notice); this.#tell(); };
  blockWanted: LinkHandler['blockWanted'] = (link, lane, request) => { this.wanted(link, lane, request); this.#tell(); };
  blockCancelled: LinkHandler['blockCancelled'] = (_link, lane, requestId) => { this.cancelled.push({ lane, requestId }); this.#tell(); };
  joined: LinkHandler['joined'] = (_link, { key, pieces }) => { this.swarm.push({ joined: toHex(key), pieces: pieces === 'all' ? 'all' : toHex(pieces) }); this.#tell(); };
  has: LinkHandler['has'] = (_link, { key, piece }) => { this.swarm.push({ has: toHex(key), piece }); this.#tell(); };
  left: LinkHandler['left'] = (_link, { key }) => { this.swarm.push({ left: toHex(key) }); this.#tell(); };
  choked: LinkHandler['choked'] = (_link, told) => { this.swarm.push(told); this.#tell(); };
  closed: LinkHandler['closed'] = (link, reason) => { this.closedLinks.push({ link, reason }); this.#tell(); };

  /** Resolves as soon as the condition holds, looked at after each event. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#onEvent = this.#onEvent.filter((other) => other !== check);
        resolve();
      };
      this.#onEvent.push(check);
      check();
    });
  }
  readonly #tell = (): void => { for (const check of [...this.#onEvent]) check(); };
}

export interface TestNode {
  readonly links: Links;
  readonly handler: TestHandler;
  readonly identity: Identity;
  readonly port: number;
  readonly address: { readonly host: string; readonly port: number };
  /** Every link that came up, in order. */
  readonly seen: Link[];
  /** Resolves with the first link, or the next one after `count`. */
  linked(count?: number): Promise<Link>;
}

const nodes: TestNode[] = [];
afterEach(async () => { await Promise.all(nodes.splice(0).map((node) => node.links.close())); });

export async function startNode(name: string, options: Partial<LinksOptions> & { listen?: boolean; port?: number } = {}): Promise<TestNode> {
  const identity = options.identity ?? (await makeIdentity());
  const handler = new TestHandler();
  const links = createLinks({
    handler, hello: () => ({ name, version: '0.1.0' }), isBlocked: () => false, now: () => performance.now(), random: Math.random, ...options, identity,
  });
  const port = options.listen === false ? 0 : (await links.listen(options.port ?? 0, '127.0.0.1')).port;
  const seen: Link[] = [];
  const waiting: (() => void)[] = [];
  links.onLink((link) => {
    seen.push(link);
    for (const wake of waiting.splice(0)) wake();
  });
  const node: TestNode = {
    links, handler, identity, port, address: { host: '127.0.0.1', port }, seen,
    linked: async (count = 0) => {
      for (;;) {
        const link = seen[count];
        if (link) return link;
        await new Promise<void>((resolve) => { waiting.push(resolve); });
      }
    },
  };
  nodes.push(node);
  return node;
}

/** Two nodes with a link that `a` dialled. */
export async function linkedPair(): Promise<{ a: TestNode; b: TestNode; ab: Link; ba: Link }> {
  const [a, b] = await Promise.all([startNode('a'), startNode('b')]);
  const ab = await a.links.dial(b.address, {});
  return { a, b, ab, ba: await b.linked() };
}

export type BlockEnd = { readonly kind: 'done'; readonly pieceHash: Uint8Array | null; readonly wireBytes: number } | { readonly kind: 'broken' } | { readonly kind: 'rejected'; readonly reason: RejectReason } | { readonly kind: 'lost'; readonly kept: number };

/** A sink and what became of its block. */
export function blockSink(bytes: number): { sink: BlockSink; end: Promise<BlockEnd>; buffer: Uint8Array } {
  const buffer = new Uint8Array(new SharedArrayBuffer(bytes));
  let settle: (end: BlockEnd) => void = () => undefined;
  const end = new Promise<BlockEnd>((resolve) => { settle = resolve; });
  const sink: BlockSink = {
    buffer,
    done: (pieceHash, wireBytes) => { settle({ kind: 'done', pieceHash, wireBytes }); },
    broken: () => { settle({ kind: 'broken' }); },
    rejected: (reason) => { settle({ kind: 'rejected', reason }); },
    lost: (kept) => { settle({ kind: 'lost', kept }); },
  };
  return { sink, end, buffer };
}
