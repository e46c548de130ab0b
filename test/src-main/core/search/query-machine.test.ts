import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QueryMachine, queryLimits, type AnsweredHit, type QueryEvent } from '#main/core/search/query-machine.ts';
import { contentIdOf, deviceIdOf, type DeviceId } from '#shared/ids.ts';
import { searchStateSchema, type SearchFilter } from '#shared/model/search.ts';

const device = (number: number): DeviceId => deviceIdOf(new Uint8Array(32).fill(number));
const content = (number: number) => contentIdOf(new Uint8Array(32).fill(number));
const [ann, bob, cid] = [device(1), device(2), device(3)];
const hit = (path: string, over: Partial<AnsweredHit> = {}): AnsweredHit => ({ path, kind: 'file', bytes: 100, modifiedAt: 5, contentId: null, ...over });

function run(words: string, filter: SearchFilter = { type: 'any' }, bounds = queryLimits) {
  const machine = new QueryMachine('s1', words, filter, bounds);
  const asked: DeviceId[] = [];
  let changes = 0;
  const out = { ask: (peer: DeviceId) => void asked.push(peer), changed: () => void changes++ };
  const step = (now: number, event: QueryEvent) => machine.step(now, event, out);
  const answer = (peer: DeviceId, hits: readonly AnsweredHit[], now = 10) => step(now, { kind: 'answer', peer, hits, truncated: false });
  const stateOf = (peer: DeviceId) => machine.state().peers.find((one) => one.peer === peer)?.state;
  return { machine, asked, step, answer, stateOf, changes: () => changes };
}

describe('what became of each device', () => {
  test('no match, no answer yet and not reachable are different things', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [ann, bob, cid] });
    expect(search.asked).toEqual([ann, bob, cid]);
    search.answer(ann, []);
    search.step(20, { kind: 'peer-gone', peer: bob });
    expect([ann, bob, cid].map(search.stateOf)).toEqual(['none', 'unreachable', 'waiting']);
    expect(search.machine.finished).toBe(false);
    search.answer(cid, [hit('photos/beach.jpg')]);
    expect(search.stateOf(cid)).toBe('answered');
    expect(search.machine.finished).toBe(true);
  });

  test('waiting ends; a late answer counts all the same', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [ann] });
    expect(search.machine.nextWake()).toBe(queryLimits.waitMs);
    search.step(queryLimits.waitMs, { kind: 'tick' });
    expect(search.stateOf(ann)).toBe('unreachable');
    search.answer(ann, [hit('beach.jpg')], queryLimits.waitMs + 500);
    expect(search.stateOf(ann)).toBe('answered');
    expect(search.machine.state().hits).toHaveLength(1);
  });

  test('a device that limits us is asked once more, later', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [ann] });
    search.step(5, { kind: 'failed', peer: ann, code: 'rate-limited' });
    expect(search.stateOf(ann)).toBe('rate-limited');
    expect(search.machine.nextWake()).toBe(2005);
    search.step(2005, { kind: 'tick' });
    expect(search.asked).toEqual([ann, ann]);
    expect(search.stateOf(ann)).toBe('waiting');
    search.step(2010, { kind: 'failed', peer: ann, code: 'rate-limited' });
    expect(search.machine.finished).toBe(true);
    expect(search.stateOf(ann)).toBe('rate-limited');
  });

  test('a device that comes later is asked; one that came back is asked again', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [ann] });
    search.step(1, { kind: 'peer', peer: bob });
    search.step(2, { kind: 'peer', peer: bob });
    search.step(3, { kind: 'peer-gone', peer: bob });
    search.step(4, { kind: 'peer', peer: bob });
    expect(search.asked).toEqual([ann, bob, bob]);
  });

  test('nothing is taken from strangers or after the end', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [ann] });
    search.answer(bob, [hit('beach.jpg')]);
    search.step(5, { kind: 'stop' });
    search.answer(ann, [hit('beach.jpg')]);
    expect(search.machine.state().hits).toEqual([]);
    expect(search.machine.nextWake()).toBeNull();
  });
});

describe('devices that others name', () => {
  test('are waited for when there are some, and asked as they come', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [], elsewhere: true });
    expect(search.machine.finished).toBe(false);
    search.step(100, { kind: 'elsewhere', found: 2 });
    expect(search.machine.nextWake()).toBe(100 + queryLimits.waitMs);
    search.step(200, { kind: 'peer', peer: ann });
    search.answer(ann, [hit('photos/beach.jpg')]);
    expect(search.machine.finished).toBe(false);
    search.step(300, { kind: 'peer', peer: bob });
    search.answer(bob, []);
    expect([search.machine.finished, search.machine.state().hits.length, search.machine.nextWake()]).toEqual([true, 1, null]);
  });

  test('are not waited for longer than those who are asked', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [], elsewhere: true });
    search.step(100, { kind: 'elsewhere', found: 1 });
    search.step(100 + queryLimits.waitMs, { kind: 'tick' });
    expect(search.machine.finished).toBe(true);
  });

  test('are not waited for when there are none, when nobody can say, or when it was stopped', () => {
    const none = run('beach');
    none.step(0, { kind: 'start', peers: [], elsewhere: true });
    none.step(1, { kind: 'elsewhere', found: 0 });
    expect(none.machine.finished).toBe(true);
    const silent = run('beach');
    silent.step(0, { kind: 'start', peers: [], elsewhere: true });
    silent.step(queryLimits.waitMs, { kind: 'tick' });
    expect(silent.machine.finished).toBe(true);
    const stopped = run('beach');
    stopped.step(0, { kind: 'start', peers: [], elsewhere: true });
    stopped.step(1, { kind: 'stop' });
    stopped.step(2, { kind: 'elsewhere', found: 3 });
    expect(stopped.machine.finished).toBe(true);
    const nobody = run('beach');
    nobody.step(0, { kind: 'start', peers: [] });
    expect(nobody.machine.finished).toBe(true);
  });
});

describe('hits', () => {
  test('the same content under other names and on other devices is one hit with more sources', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [ann, bob] });
    search.answer(ann, [hit('photos/my beach.jpg', { contentId: content(7) }), hit('photos/beach other.jpg')]);
    search.answer(bob, [hit('x/beach.jpg', { contentId: content(7) })]);
    const [first, second] = search.machine.state().hits;
    expect(first).toMatchObject({ name: 'beach.jpg', type: 'image', contentId: content(7), here: false });
    expect(first?.sources).toEqual([{ peer: ann, path: 'photos/my beach.jpg' }, { peer: bob, path: 'x/beach.jpg' }]);
    expect(second?.sources).toHaveLength(1);
    search.step(20, { kind: 'here', contentIds: [content(7)] });
    expect(search.machine.state().hits.map((one) => one.here)).toEqual([true, false]);
  });

  test('a lie about the size of a content does not touch the line of the honest', () => {
    const search = run('beach');
    search.step(0, { kind: 'start', peers: [ann, bob] });
    search.answer(bob, [hit('beach.jpg', { contentId: content(7), bytes: 1 })]);
    search.answer(ann, [hit('beach.jpg', { contentId: content(7), bytes: 100 })]);
    expect(search.machine.state().hits.map((one) => one.sources.length)).toEqual([1, 1]);
  });

  test('what does not match, or not the filter, is dropped whatever the device says', () => {
    const search = run('beach', { type: 'image', minBytes: 50, maxBytes: 200 });
    search.step(0, { kind: 'start', peers: [ann] });
    search.answer(ann, [hit('spam.jpg'), hit('beach.txt'), hit('beach.jpg', { bytes: 10 }), hit('beach.png', { bytes: 201 }), hit(''), hit('good/beach.gif')]);
    expect(search.machine.state().hits.map((one) => one.name)).toEqual(['beach.gif']);
    expect(search.machine.state().peers).toEqual([{ peer: ann, state: 'answered', hits: 1 }]);
  });

  test('the best are kept and the rest is told of', () => {
    const search = run('a', { type: 'any' }, { ...queryLimits, kept: 3, listed: 2 });
    search.step(0, { kind: 'start', peers: [ann] });
    search.answer(ann, ['x a', 'a', 'x y a', 'ab', 'a/b a'].map((path) => hit(path)));
    const state = search.machine.state();
    expect(state.hits.map((one) => one.name)).toEqual(['a', 'ab']);
    expect(state.truncated).toBe(true);
  });

  test('every state fits the contract and the order of answers does not matter', () => {
    const paths = fc.uniqueArray(fc.constantFrom('a/beach.jpg', 'beach', 'b/Beach 2.jpg', 'beach/x.jpg', 'c/no.jpg'), { minLength: 1 });
    fc.assert(fc.property(paths, paths, (ofAnn, ofBob) => {
      const states = [[ann, bob], [bob, ann]].map((order) => {
        const search = run('beach');
        search.step(0, { kind: 'start', peers: [ann, bob] });
        for (const peer of order) search.answer(peer, (peer === ann ? ofAnn : ofBob).map((path) => hit(path, { contentId: content(path.length) })));
        return searchStateSchema.parse(search.machine.state());
      });
      const shape = states.map((state) => state.hits.map((one) => [one.key, one.score, one.sources.length]));
      expect(shape[0]).toEqual(shape[1]);
    }));
  });
});
