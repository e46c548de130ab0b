import type { Writable } from 'node:stream';
import type { ErrorInfo } from '#shared/errors.ts';
import { errorSentences, translator } from '../api/translate.ts';
import type { Translate } from '../api/translate.ts';
import type { Locale } from '#shared/i18n/locale.ts';
import { jsonLine, printable } from './printable.ts';
import { progressLine } from './progress-bar.ts';
import { tableLines } from './table.ts';
import type { Column } from './table.ts';

export interface Terminal extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * What a command says. Either for people (text on stdout, progress and errors on stderr) or, with `--json`, one JSON
 * object a line on stdout and nothing else there.
 */
export class Output {
  readonly json: boolean;
  readonly locale: Locale;
  readonly t: Translate;
  readonly #out: Terminal;
  readonly #err: Terminal;
  #progressShown = false;

  constructor(options: { json: boolean; locale: Locale; out: Terminal; err: Terminal }) {
    this.json = options.json;
    this.locale = options.locale;
    this.t = translator(options.locale);
    this.#out = options.out;
    this.#err = options.err;
  }

  /** A line for programs; people do not see it. */
  event(event: string, fields: object = {}): void {
    if (this.json) this.#out.write(`${jsonLine({ event, ...fields })}\n`);
  }

  /** A line for people; names in it cannot control the terminal. */
  line(text = ''): void {
    if (this.json) return;
    this.clearProgress();
    this.#out.write(`${printable(text)}\n`);
  }

  /** Several lines of our own words, as they are. */
  text(text: string): void {
    if (this.json) this.event('text', { text });
    else this.#out.write(text);
  }

  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    if (this.json || rows.length === 0) return;
    this.#out.write(`${tableLines(columns, rows).join('\n')}\n`);
  }

  /** Whether anybody sees `progress`. */
  get showsProgress(): boolean {
    return !this.json && this.#err.isTTY === true;
  }

  /** The one line at the bottom that changes; only on a terminal. `fraction` from 0 to 1. */
  progress(fraction: number, details: string, name: string): void {
    if (!this.showsProgress) return;
    this.#err.write(`\r\u001b[K${progressLine(fraction, details, name, this.#err.columns ?? 80)}`);
    this.#progressShown = true;
  }

  clearProgress(): void {
    if (this.#progressShown) this.#err.write('\r\u001b[K');
    this.#progressShown = false;
  }

  /** A remark that is not the result: stderr for people, nothing for programs. */
  note(text: string): void {
    if (this.json) return;
    this.clearProgress();
    this.#err.write(`${printable(text)}\n`);
  }

  /** A question; the answer is typed behind it. */
  prompt(question: string): void {
    if (!this.json) this.#err.write(printable(question));
  }

  error(info: ErrorInfo): void {
    const { what, next } = errorSentences(this.locale, info);
    if (this.json) {
      this.event('error', { code: info.code, message: what, next, ...(info.params === undefined ? {} : { params: info.params }) });
      return;
    }
    this.clearProgress();
    this.#err.write(`${this.t('cli.error.prefix')} ${printable(what)}\n${printable(next)}\n`);
  }
}
