import type { TransferId } from '#shared/ids.ts';
import type { Link } from '../ports/links.ts';
import type { Download } from './download/download.ts';
import { rankOf } from './ranks.ts';

/** Which of the unfinished downloads run, and which wait their turn: by priority, then the oldest first. */
export class DownloadLine {
  readonly #downloads: ReadonlyMap<TransferId, Download>;
  /** How many may run at once. */
  readonly #atOnce: () => number;
  /** Downloads being changed, and by how many at once: not to be started. */
  readonly #held = new Map<Download, number>();
  /** Changes of many at once that are under way: what each makes room for is not to be started before the last. */
  #changesOfMany = 0;

  constructor(downloads: ReadonlyMap<TransferId, Download>, atOnce: () => number) {
    this.#downloads = downloads;
    this.#atOnce = atOnce;
  }

  /** Starts the first ones in line, as many as may run at once. */
  schedule(): void {
    if (this.#changesOfMany > 0) return;
    const line = this.#inLine();
    const ready = line.filter((download) => !download.isRunning && !this.#held.has(download));
    const [here, away] = [ready.filter((download) => !download.isOriginAway), ready.filter((download) => download.isOriginAway)];
    // Of many that wait for somebody a few are looked at each second, after all that can go on at once.
    for (const download of [...here, ...away].slice(0, Math.max(0, this.#freeIn(line)))) download.start();
  }

  /** Of those that waited for that device as many go on as may run at once; the others stand in line again, of which `changed` is told. */
  linkUp(link: Link, changed: (download: Download) => void): void {
    const line = this.#inLine();
    let free = this.#freeIn(line);
    const tooMany = line.filter((download) => download.waitsFor(link.remote.id) && free-- <= 0);
    this.changeMany(() => Promise.all(tooMany.map((download) => this.whileStopped(download, () => Promise.resolve()).then(() => { changed(download); })))).catch(() => undefined);
    for (const download of this.#downloads.values()) if (!this.#held.has(download)) download.linkUp(link);
  }

  /** Stops a download for a change of it; whatever else happens meanwhile, it is not started again before the end. */
  async whileStopped(download: Download, change: () => Promise<void>): Promise<void> {
    this.#held.set(download, (this.#held.get(download) ?? 0) + 1);
    try {
      await download.stop();
      await change();
    } finally {
      const others = (this.#held.get(download) ?? 1) - 1;
      if (others > 0) this.#held.set(download, others);
      else this.#held.delete(download);
      this.schedule();
    }
  }

  /** Nothing is started before the end of the work. */
  async changeMany(work: () => Promise<unknown>): Promise<void> {
    this.#changesOfMany++;
    try {
      await work();
    } finally {
      this.#changesOfMany--;
      this.schedule();
    }
  }

  #inLine(): Download[] {
    return [...this.#downloads.values()].filter((download) => download.record.state === 'active')
      .toSorted((a, b) => rankOf[b.record.priority] - rankOf[a.record.priority] || a.number - b.number);
  }

  /** How many more may run. One that only waits for somebody to come back does not hold up the others. */
  #freeIn(line: readonly Download[]): number {
    return this.#atOnce() - line.filter((download) => download.isRunning && download.activity.kind !== 'waiting').length;
  }
}
