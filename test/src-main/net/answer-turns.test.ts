import { expect, it } from 'vitest';
import { AnswerTurns } from '#main/net/answer-turns.ts';
import { MiB } from '#shared/units.ts';

/** Answers in a test's own hands: which have begun, and their ends. */
function answers() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    answer: (name: string) => () => {
      begun.push(name);
      return new Promise<void>((resolve) => { ends.set(name, resolve); });
    },
    async end(name: string) {
      ends.get(name)?.();
      await new Promise((resolve) => { setImmediate(resolve); });
    },
  };
}

it('makes one long answer of a kind at a time, in the order in which they were asked for, and short ones at once', async () => {
  const { begun, answer, end } = answers();
  const turns = new AnswerTurns(() => 0);
  for (const name of ['walk 1', 'walk 2', 'browse 1', 'open 1', 'open 2', 'walk 3']) turns.begin(name.split(' ')[0] ?? '', answer(name));
  expect(begun).toEqual(['walk 1', 'browse 1', 'open 1', 'open 2']);
  await end('walk 1');
  await end('walk 2');
  expect(begun.slice(4)).toEqual(['walk 2', 'walk 3']);
});

it('lets a layer that takes its time hold up no other one of the few that are opened at once', async () => {
  const { begun, answer, end } = answers();
  const turns = new AnswerTurns(() => 0);
  const names = Array.from({ length: 6 }, (_, at) => `layer ${at}`);
  for (const name of names) turns.begin('layer', answer(name));
  expect(begun).toEqual(names.slice(0, 4));
  await end('layer 1');
  await end('layer 3');
  expect(begun).toEqual(names);
});

it('makes no further long answer for whoever does not read, until that changes', async () => {
  const { begun, answer, end } = answers();
  let unread = 0;
  const turns = new AnswerTurns(() => unread);
  for (const name of ['walk 1', 'walk 2']) turns.begin('walk', answer(name));
  unread = MiB;
  await end('walk 1');
  turns.begin('browse', answer('browse'));
  turns.begin('open', answer('open'));
  expect(begun).toEqual(['walk 1', 'open']);
  unread = 0;
  turns.flushed();
  expect(begun).toEqual(['walk 1', 'open', 'walk 2', 'browse']);
});

it('begins nothing of what waited when the link has ended', async () => {
  const { begun, answer, end } = answers();
  const turns = new AnswerTurns(() => 0);
  for (const name of ['walk 1', 'walk 2']) turns.begin('walk', answer(name));
  turns.close();
  await end('walk 1');
  turns.flushed();
  expect(begun).toEqual(['walk 1']);
});
