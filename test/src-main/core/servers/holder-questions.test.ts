import { describe, expect, it } from 'vitest';
import { HolderQuestions, type Sought } from '#main/core/servers/holder-questions.ts';
import { contentIdOf, isTransferId, type ContentId, type TransferId } from '#shared/ids.ts';
import { minute, second } from '#shared/units.ts';

const content = (number: number): ContentId => contentIdOf(new Uint8Array(32).fill(number));
const transfer = (number: number): TransferId => {
  const id = number.toString(16).padStart(16, '0');
  if (!isTransferId(id)) throw new Error('sixteen digits are an id');
  return id;
};
/** One that moves slowly, from one source. */
const slow = (number: number, more: Partial<Sought> = {}): Sought =>
  ({ id: transfer(number), isWaiting: false, etaSeconds: 3600, brake: 'their-pace', feeding: 1, audience: { kind: 'public' }, contents: [content(number)], ...more });
const waiting = (number: number): Sought => slow(number, { isWaiting: true, etaSeconds: null, brake: null, feeding: 0, audience: null });

/** Seconds after the beginning at which something is asked, looked at every five of them. */
function askedAt(forSeconds: number, downloads: (at: number) => readonly Sought[], questions = new HolderQuestions()): number[] {
  const asked: number[] = [];
  for (let at = 0; at <= forSeconds; at += 5) if (questions.due(at * second, downloads(at)).length > 0) asked.push(at);
  return asked;
}

describe('servers are asked who else has it', () => {
  it('every half a minute while nobody gives anything', () => {
    expect(askedAt(120, () => [waiting(1)])).toEqual([0, 30, 60, 90, 120]);
  });

  it('ever more seldom while it moves slowly, and never less than every quarter of an hour', () => {
    expect(askedAt(3600, () => [slow(1)])).toEqual([15, 75, 195, 435, 915, 1815, 2715]);
  });

  it('not while others could not make it faster, or it is over soon', () => {
    for (const brake of ['own-limit', 'disk', 'cpu', 'behind', 'copied'] as const) expect(askedAt(600, () => [slow(1, { brake })])).toEqual([]);
    expect(askedAt(600, () => [slow(1, { feeding: 8 })])).toEqual([]);
    expect(askedAt(600, () => [slow(1, { etaSeconds: 60 })])).toEqual([]);
    expect(askedAt(60, () => [slow(1, { etaSeconds: null, brake: null })])).toEqual([15]);
  });

  it('and hear of what is not for everybody only while nobody gives it', () => {
    for (const audience of [{ kind: 'everyone' }, null] as const) expect(askedAt(600, (at) => [{ ...(at < 300 ? slow(1) : waiting(1)), audience }])).toEqual([300, 330, 360, 390, 420, 450, 480, 510, 540, 570, 600]);
  });

  it('no more often than that when a download moves by fits and starts', () => {
    const questions = new HolderQuestions();
    expect(askedAt(300, (at) => [at % 10 === 0 ? waiting(1) : slow(1)], questions)).toEqual([0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300]);
    expect(askedAt(300, (at) => [slow(1, { feeding: at % 10 })])).toEqual([15, 75, 195]);
  });

  it('for many contents in turn, a bounded number at once', () => {
    const questions = new HolderQuestions();
    const many = Array.from({ length: 100 }, (_, at) => waiting(at + 1));
    const [first, second] = [questions.due(0, many), questions.due(1, many)];
    expect([first.length, second.length, questions.due(2, many).length]).toEqual([64, 36, 0]);
    expect(new Set([...first, ...second]).size).toBe(100);
    expect(questions.due(1 * minute, many).length).toBe(64);
  });

  it('anew for a download that was over, and for none that has nothing to ask for', () => {
    const questions = new HolderQuestions();
    expect(askedAt(20, () => [waiting(1)], questions)).toEqual([0]);
    expect(questions.due(0, [])).toEqual([]);
    expect(askedAt(20, () => [waiting(1)], questions)).toEqual([0]);
    expect(askedAt(60, () => [{ ...waiting(2), contents: [] }])).toEqual([]);
  });
});
