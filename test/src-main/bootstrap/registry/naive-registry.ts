import type { ContentId, DeviceId } from '#shared/ids.ts';
import { fileTypeOf } from '#shared/file-types.ts';
import type { Entry, RoomTag, SearchRequest } from '#shared/protocol/bootstrap.ts';
import { score } from '#main/core/search/ranking.ts';
import { fold, queryTokens } from '#main/core/search/text.ts';

interface NaiveNode {
  addresses: readonly string[];
  rooms: readonly RoomTag[];
  outside: string;
  revision: string | null;
  heardAt: number;
  entries: Map<ContentId, Entry>;
}

/** What a registry gives, found by looking at everything every time. */
export class NaiveRegistry {
  readonly nodes = new Map<DeviceId, NaiveNode>();

  register(now: number, deviceId: DeviceId, said: { addresses: readonly string[]; rooms: readonly RoomTag[]; outside: string }): void {
    const known = this.nodes.get(deviceId);
    this.nodes.set(deviceId, { revision: null, entries: new Map(), ...known, ...said, rooms: [...new Set(said.rooms)], heardAt: now });
  }

  expire(now: number, silenceMs: number): void {
    for (const [deviceId, node] of this.nodes) if (now - node.heardAt > silenceMs) this.nodes.delete(deviceId);
  }

  members(room: RoomTag): DeviceId[] {
    return [...this.nodes].filter(([, node]) => node.rooms.includes(room)).map(([deviceId]) => deviceId).sort();
  }

  holders(contentId: ContentId): DeviceId[] {
    return [...this.nodes].filter(([, node]) => node.entries.has(contentId)).map(([deviceId]) => deviceId).sort();
  }

  search({ words, type, minBytes = 0, maxBytes = Infinity }: SearchRequest): { key: string; name: string; score: number; holders: number }[] {
    const query = { folded: fold(words.trim()), words: queryTokens(words).slice(0, 16) };
    const found = new Map<string, { key: string; name: string; score: number; holders: number }>();
    if (query.words.length === 0) return [];
    for (const node of this.nodes.values()) {
      for (const { contentId, kind, name, bytes } of node.entries.values()) {
        const key = `${contentId} ${kind} ${bytes}`;
        const rank = score(query, name, []);
        if (rank === null || (type !== 'any' && fileTypeOf(name, kind) !== type) || bytes < minBytes || bytes > maxBytes) continue;
        const known = found.get(key);
        if (known === undefined || rank > known.score || (rank === known.score && name < known.name)) found.set(key, { key, name, score: rank, holders: 0 });
      }
    }
    for (const hit of found.values()) {
      for (const node of this.nodes.values()) for (const { contentId, kind, bytes } of node.entries.values()) if (`${contentId} ${kind} ${bytes}` === hit.key) hit.holders++;
    }
    return [...found.values()].sort((one, other) => other.score - one.score || (one.key < other.key ? -1 : 1));
  }
}
