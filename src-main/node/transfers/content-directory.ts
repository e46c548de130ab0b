import type { ContentId } from '#shared/ids.ts';
import type { Link } from '../ports/links.ts';

const idsPerQuestion = 2000;

interface Question {
  readonly ids: Map<ContentId, ((answer: string) => void)[]>;
}

/**
 * Asks linked devices whether they have a content, many ids in one message. What a device has may change, so answers are
 * not kept: a source that turns out to be none says so when a block is asked for.
 */
export class ContentDirectory {
  readonly #waiting = new Map<Link, Question>();

  /** Whether the device gives us this file or folder, all of it or a part; false when it does not answer. */
  async has(link: Link, id: ContentId): Promise<boolean> {
    return (await this.#answerFor(link, id)) !== '-';
  }

  /** How much of this file the device gives us. */
  async hasOfFile(link: Link, id: ContentId): Promise<'all' | 'part' | 'none'> {
    const answer = await this.#answerFor(link, id);
    return answer === 'f' ? 'all' : answer === 'p' ? 'part' : 'none';
  }

  /** Whether the device gives us each of these files, all of it; false when it does not answer. Most devices have none of them, which one of them tells. */
  async hasAll(link: Link, [sample, ...others]: readonly ContentId[]): Promise<boolean> {
    if (sample === undefined || (await this.hasOfFile(link, sample)) !== 'all') return false;
    const answers = await Promise.all(others.map((id) => this.hasOfFile(link, id)));
    return answers.every((answer) => answer === 'all');
  }

  #answerFor(link: Link, id: ContentId): Promise<string> {
    return new Promise((settle) => {
      let question = this.#waiting.get(link);
      if (question === undefined || question.ids.size >= idsPerQuestion) {
        const fresh: Question = { ids: new Map() };
        question = fresh;
        this.#waiting.set(link, fresh);
        setImmediate(() => { void this.#ask(link, fresh); });
      }
      const others = question.ids.get(id);
      if (others === undefined) question.ids.set(id, [settle]);
      else others.push(settle);
    });
  }

  async #ask(link: Link, question: Question): Promise<void> {
    if (this.#waiting.get(link) === question) this.#waiting.delete(link);
    const contentIds = [...question.ids.keys()];
    const answer = await link.request('have', { contentIds }).then(({ have }) => have, () => '');
    contentIds.forEach((id, at) => {
      for (const settle of question.ids.get(id) ?? []) settle(answer[at] ?? '-');
    });
  }
}
