/** Metrics as they stand in the text of a health port (Prometheus text format 0.0.4), for `yitong top`. */

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Of one moment: each metric's samples, by its name. */
export interface Samples {
  /** ms since 1970 */
  readonly at: number;
  of(name: string): readonly Sample[];
  /** The only value of a metric without labels; undefined where there is none. */
  one(name: string): number | undefined;
}

const LINE = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED: Readonly<Record<string, string>> = { '\\n': '\n', '\\\\': '\\', '\\"': '"' };

/** Lines that are no sample count for nothing. */
export function samplesIn(text: string, at: number): Samples {
  const found = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    const [, name, labels, value] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    const sample = {
      labels: Object.fromEntries(
        [...(labels ?? '').matchAll(LABEL)].map(([, label, said]) => [
          label ?? '',
          (said ?? '').replace(/\\./g, (pair) => ESCAPED[pair] ?? pair),
        ]),
      ),
      value: value === '+Inf' ? Infinity : Number(value),
    };
    const of = found.get(name);
    if (of === undefined) found.set(name, [sample]);
    else of.push(sample);
  }
  return { at, of: (name) => found.get(name) ?? [], one: (name) => found.get(name)?.[0]?.value };
}
