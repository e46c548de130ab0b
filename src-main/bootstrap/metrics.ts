type Labels = Readonly<Record<string, string | number>>;

const escaped = (value: string | number): string => String(value).replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
const labelText = (labels: Labels): string => {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
};

const hasAll = (key: string, labels: Labels): boolean => Object.entries(labels).every(([name, value]) => key.includes(`${name}="${escaped(value)}"`));

/** Upper ends of the histogram's buckets, in seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5] as const;

/** Counts by labels; the labels come from our own lists, so there are few. */
export class Counter {
  readonly #counts = new Map<string, number>();

  add(labels: Labels = {}, amount = 1): void {
    const key = labelText(labels);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + amount);
  }

  /** With all of these labels, whatever others. */
  count(labels: Labels): number {
    return [...this.#counts].reduce((sum, [key, count]) => (hasAll(key, labels) ? sum + count : sum), 0);
  }

  lines(name: string): string[] {
    return [...this.#counts].map(([labels, count]) => `${name}${labels} ${count}`);
  }
}

/** How long things take. */
export class Histogram {
  readonly #counts = new Map<string, number[]>();
  readonly #sums = new Map<string, number>();

  observe(labels: Labels, seconds: number): void {
    const key = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`).join(',');
    const counts = this.#counts.get(key) ?? Array.from({ length: buckets.length + 1 }, () => 0);
    const at = buckets.findIndex((end) => seconds <= end);
    const place = at < 0 ? buckets.length : at;
    counts[place] = (counts[place] ?? 0) + 1;
    this.#counts.set(key, counts);
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + seconds);
  }

  /** How often something with all of these labels was observed. */
  count(labels: Labels): number {
    return [...this.#counts].reduce((sum, [key, counts]) => (hasAll(key, labels) ? sum + counts.reduce((all, each) => all + each, 0) : sum), 0);
  }

  lines(name: string): string[] {
    return [...this.#counts].flatMap(([key, counts]) => {
      let below = 0;
      const lines = counts.map((count, at) => `${name}_bucket{${key === '' ? '' : `${key},`}le="${buckets[at] ?? '+Inf'}"} ${(below += count)}`);
      const labels = key === '' ? '' : `{${key}}`;
      return [...lines, `${name}_sum${labels} ${this.#sums.get(key) ?? 0}`, `${name}_count${labels} ${below}`];
    });
  }
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What is counted, or what gives the value now. */
  readonly of: Counter | Histogram | (() => number);
}

/** In Prometheus' text format, version 0.0.4. */
export const expose = (metrics: readonly Metric[]): string => metrics
  .flatMap(({ name, help, type, of }) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...(typeof of === 'function' ? [`${name} ${of()}`] : of.lines(name))])
  .join('\n') + '\n';
