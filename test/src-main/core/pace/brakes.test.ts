import { describe, expect, it } from 'vitest';
import { brakeOfDownload, brakeOfUpload, excuseFor } from '#main/core/pace/brakes.ts';
import type { DownloadFacts, MachineFacts, SourceFacts, UploadFacts } from '#main/core/pace/facts.ts';

const idle: MachineFacts = { loop: 0.3, cores: 0.4 };
const source = (peer: number, part: Partial<SourceFacts> = {}): SourceFacts => ({ peer, state: 'feeding', rate: 1e6, limit: null, excuse: null, delayMs: 11, restMs: 10, ...part });
const download = (sources: readonly SourceFacts[], part: Partial<DownloadFacts> = {}) => brakeOfDownload({ machine: idle, behind: false, buffersWait: false, finishing: false, sources, ...part });

describe('what a download hangs on', () => {
  it('is our own limit whenever requests wait for nothing else', () => {
    expect(download([source(1, { limit: 'schedule', excuse: 'limit' })], { buffersWait: true })).toEqual({ by: 'own-limit', limit: 'schedule' });
    expect(download([source(1, { limit: 'limit', state: 'asked', rate: 0 })])).toEqual({ by: 'own-limit', limit: 'limit' });
  });
  it('is our limit for one device only when most comes from it', () => {
    expect(download([source(1, { limit: 'peer', rate: 9e6 }), source(2, { excuse: 'link' })])).toEqual({ by: 'own-limit', limit: 'peer' });
    expect(download([source(1, { limit: 'peer', rate: 1e6 }), source(2, { excuse: 'link', rate: 9e6 })])).toEqual({ by: 'link', peer: null });
  });
  it('is what is fetched first', () => {
    expect(download([source(1)], { behind: true })).toEqual({ by: 'behind' });
  });
  it('is the disk when full buffers wait for it, and the processor when that thread computes', () => {
    expect(download([source(1)], { buffersWait: true, machine: { loop: 0.5, cores: 0.6 } })).toEqual({ by: 'disk' });
    expect(download([source(1)], { buffersWait: true, machine: { loop: 0.8, cores: 1.7 } })).toEqual({ by: 'cpu' });
  });
  it('is the processor when the thread of the links never rests', () => {
    expect(download([source(1, { excuse: 'limit' })], { machine: { loop: 0.97, cores: 1 } })).toEqual({ by: 'cpu' });
  });
  it.each([['limit', 'their-limit'], ['machine', 'their-machine'], ['turns', 'turn'], ['link', 'link']] as const)('is what the only one who gives says: %s', (excuse, by) => {
    expect(download([source(1, { excuse })])).toEqual({ by, peer: 1 });
  });
  it('is the path when answers take much longer than they did, though nobody says so', () => {
    expect(download([source(1, { excuse: 'you', delayMs: 90, restMs: 20 })])).toEqual({ by: 'link', peer: 1 });
    expect(download([source(1, { excuse: null, delayMs: 45, restMs: 20 })])).toEqual({ by: 'their-pace', peer: 1 });
    expect(download([source(1, { excuse: null, delayMs: null, restMs: null })])).toEqual({ by: 'their-pace', peer: 1 });
  });
  it('is what holds back most of what arrives', () => {
    expect(download([source(1, { excuse: 'link', rate: 9e6 }), source(2, { excuse: 'limit', rate: 1e6 })])).toEqual({ by: 'link', peer: null });
    expect(download([source(1, { excuse: 'link', rate: 1e6 }), source(2, { excuse: 'limit', rate: 9e6 })])).toEqual({ by: 'their-limit', peer: null });
  });
  it('is the turn of others when more of those who have it serve others', () => {
    expect(download([source(1, { excuse: 'limit' }), source(2, { state: 'choked' }), source(3, { state: 'elsewhere' })])).toEqual({ by: 'turn', peer: null });
  });
  it('is that too few have what is missing', () => {
    expect(download([source(1, { excuse: 'limit' }), source(2, { state: 'idle' }), source(3, { state: 'idle' })])).toEqual({ by: 'few-sources', have: 1, linked: 3 });
  });
  it('is not told while the last pieces arrive', () => {
    expect(download([source(1)], { finishing: true })).toBeNull();
  });

  it('is the disk when nothing is missing any more and it is not done yet, and nothing while it has not begun', () => {
    expect(download([source(1, { state: 'idle', rate: 0 })], { finishing: true })).toEqual({ by: 'disk' });
    expect(download([], { finishing: true })).toBeNull();
  });

  describe('when nobody gives anything', () => {
    it.each<[string, SourceFacts['state'][], object | null]>([
      ['they serve others', ['choked', 'stalled', 'idle'], { by: 'turn', peer: 1 }], ['they do not answer', ['stalled', 'idle', 'banned'], { by: 'no-answer' }],
      ['nobody has it', ['idle', 'banned'], { by: 'no-sources' }], ['nobody is there', [], { by: 'no-sources' }], ['they were asked just now', ['asked', 'idle'], null],
    ])('%s', (_what, states, brake) => {
      expect(download(states.map((state, at) => source(at + 1, { state, rate: 0 })))).toEqual(brake);
    });
  });
});

describe('what an upload hangs on', () => {
  const upload = (part: Partial<UploadFacts>) => brakeOfUpload({ machine: idle, peer: 1, limit: null, choked: false, queued: 3, inService: 2, reading: 0, inServiceOfAll: 2, ...part });
  it.each<[string, Partial<UploadFacts>, object]>([
    ['it waits for its turn', { choked: true }, { by: 'turn', peer: 1 }], ['our limit', { limit: 'limit' }, { by: 'own-limit', limit: 'limit' }], ['our processor', { machine: { loop: 0.95, cores: 1 } }, { by: 'cpu' }],
    ['our disk', { reading: 2 }, { by: 'disk' }], ['the path', {}, { by: 'link', peer: 1 }], ['it asks for no more', { queued: 0, inService: 0 }, { by: 'their-pace', peer: 1 }],
    ['a limit that nothing waits for', { limit: 'limit', queued: 0, inService: 0 }, { by: 'their-pace', peer: 1 }], ['others are on their way', { inService: 0 }, { by: 'turn', peer: 1 }],
  ])('%s', (_what, part, brake) => {
    expect(upload(part)).toEqual(brake);
  });

  it('is told to whoever asks', () => {
    const told = [upload({ limit: 'limit' }), upload({ choked: true }), upload({ reading: 2 }), upload({}), upload({ queued: 0, inService: 0 }), null].map((brake) => excuseFor(brake, idle));
    expect(told).toEqual(['limit', 'turns', 'machine', 'link', 'you', 'nothing']);
  });
});
