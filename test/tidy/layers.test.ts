import { describe, expect, it } from 'vitest';
import { forbidden } from '../../scripts/lint-rules/layers.mjs';

describe('the layer rule', () => {
  it.each([
    ['src-shared/api/client.ts', 'zod'],
    ['src-shared/model/peer.ts', '../ids.ts'],
    ['src-main/core/swarm/picker.ts', '../bitfield.ts'],
    ['src-main/core/swarm/picker.ts', '#shared/limits.ts'],
    ['src-main/net/listen.ts', 'node:tls'],
    ['src-main/net/listen.ts', '../node/ports/links.ts'],
    ['src-main/disk/pool.ts', '#main/node/spawn-worker.ts'],
    ['src-main/node/node.ts', '../disk/pool.ts'],
    ['src-main/cli/main.ts', '../local/client.ts'],
    ['src-main/lab/engine/world.ts', '../../core/bitfield.ts'],
    ['src-main/lab/run.ts', './engine/world.ts'],
    ['src-main/lab/run.ts', 'node:os'],
    ['src-main/cli/commands/lab.ts', '../../lab/run.ts'],
    ['src-main/bootstrap/registry/search.ts', '../../core/search/text.ts'],
    ['src-main/bootstrap/server.ts', 'fastify'],
    ['src-main/bootstrap/embedded-store.ts', '../disk/store.ts'],
    ['src-main/cli/run-bootstrap.ts', '../bootstrap/server.ts'],
    ['src-main/electron/main.ts', 'electron'],
    ['src-renderer/main.ts', 'vue'],
    ['test/electron/window.test.ts', 'electron'],
  ])('lets %s import %s', (from, specifier) => {
    expect(forbidden(from, specifier)).toBeNull();
  });

  it.each([
    ['src-shared/ids.ts', 'node:crypto'],
    ['src-shared/ids.ts', 'ws'],
    ['src-shared/ids.ts', '#main/core/bitfield.ts'],
    ['src-main/core/swarm/picker.ts', 'zod'],
    ['src-main/core/swarm/picker.ts', 'node:fs'],
    ['src-main/core/swarm/picker.ts', '../../disk/pool.ts'],
    ['src-main/core/swarm/picker.ts', '../../lab/engine/world.ts'],
    ['src-main/node/node.ts', '../lab/run.ts'],
    ['src-main/lab/engine/world.ts', 'node:fs'],
    ['src-main/lab/engine/world.ts', '../run.ts'],
    ['src-main/lab/engine/world.ts', 'zod'],
    ['src-main/lab/run.ts', '../net/listen.ts'],
    ['src-main/bootstrap/registry/registry.ts', 'node:crypto'],
    ['src-main/bootstrap/registry/registry.ts', '../embedded-store.ts'],
    ['src-main/bootstrap/server.ts', '../node/node.ts'],
    ['src-main/node/node.ts', '../bootstrap/server.ts'],
    ['src-main/electron/main.ts', '../bootstrap/server.ts'],
    ['src-main/net/listen.ts', '../disk/pool.ts'],
    ['src-main/disk/pool.ts', '../node/node.ts'],
    ['src-main/node/node.ts', '../web/server.ts'],
    ['src-main/web/server.ts', '#main/electron/main.ts'],
    ['src-main/cli/main.ts', 'electron'],
    ['src-renderer/main.ts', '#main/core/bitfield.ts'],
    ['src-renderer/main.ts', '../src-main/core/bitfield.ts'],
    ['src-renderer/main.ts', 'node:fs'],
    ['src-renderer/main.ts', 'electron'],
    ['src-main/node/node.ts', '../../test/bundle-workers.ts'],
  ])('stops %s importing %s', (from, specifier) => {
    expect(forbidden(from, specifier)).not.toBeNull();
  });
});
