import { expect, it } from 'vitest';
import { FileSources, type SourcedFile } from '#main/node/transfers/file/file-sources.ts';
import { errorInfo } from '#shared/errors.ts';
import { contentIdOf } from '#shared/ids.ts';
import { linkOf } from '../../link-of.ts';

it('a file that its origin has no more waits for its other version alone, also when somebody else takes a moment to say no', async () => {
  const [origin, other] = [linkOf(1), linkOf(2)];
  const root = new Uint8Array(32).fill(3);
  const said: string[] = [];
  let answer: (has: 'none') => void = () => expect.fail('nobody was asked');
  const file: SourcedFile = {
    name: 'film', number: 1, bytes: 10, verifiedBytes: 0, verified: { has: () => false, isFull: false }, partPath: null, layer: null, isFetched: true, first: null,
    addSource: () => undefined, starved: () => undefined, sourceLost: () => undefined, fail: (error) => { said.push(errorInfo(error).code); },
  };
  const sources = new FileSources({
    directory: { hasOfFile: () => new Promise((resolve) => { answer = resolve; }) },
    equal: { followersOf: () => [] }, links: () => ({ all: () => [origin, other] }),
    swarm: { addMember: () => undefined, addSource: () => undefined, isBanned: () => false },
  }, file, { id: contentIdOf(root), root, isOpenedByPath: false, provisionalKey: null, askOrigin: () => expect.fail('not asked') }, { peer: origin.remote.id, path: 'film' }, { starved: () => { said.push('no-sources'); } });
  sources.askEverybody();
  sources.lost(origin.remote.id);
  sources.starved();
  expect(said).toEqual([]);
  answer('none');
  await new Promise(setImmediate);
  expect(said).toEqual(['source-changed']);
  // Told by others of the same download meanwhile: this one has said why it waits.
  expect(sources.isWaiting).toBe(false);
});
