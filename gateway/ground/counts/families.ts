/**
 * Metrics as plain data, in the shape that prom-client gives as JSON: it travels between processes, is merged by the
 * supervisor, and is written as text. Apart from prom-client, which costs a process 12 MB.
 */
import { type LabelOf, type MetricOf, metricTable } from './metrics.js';

export type Labels = Readonly<Record<string, string | number>>;
/** Those that the table of metrics declares. */
type LabelsOf<Name extends MetricOf<'gauge' | 'counter'>> = Readonly<Record<LabelOf<Name>, string | number>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Of a histogram: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** How samples of equal labels are joined; default `sum`. */
  readonly aggregator?: string;
  readonly values: readonly Sample[];
}

/** One value, several with their labels, or none: what is not known has no sample. */
type Given<Of extends Labels> = number | undefined | Iterable<readonly [labels: Of, value: number | undefined]>;

const samples = (given: Given<Labels>): Sample[] => {
  const each = typeof given === 'object' ? [...given] : [[{}, given] as const];
  return each.flatMap(([labels, value]) => (value === undefined || Number.isNaN(value) ? [] : [{ labels, value }]));
};

export const gauge = <Name extends MetricOf<'gauge'>>(
  name: Name,
  given: Given<LabelsOf<Name>>,
  aggregator = 'max',
): Family => ({
  name,
  help: metricTable[name].help,
  type: 'gauge',
  aggregator,
  values: samples(given),
});
export const counter = <Name extends MetricOf<'counter'>>(name: Name, given: Given<LabelsOf<Name>>): Family => ({
  name,
  help: metricTable[name].help,
  type: 'counter',
  values: samples(given),
});

/** A number that is counted up in place, where a question is answered; read when somebody asks. */
export interface Cell {
  n: number;
}

interface Cells<Of> {
  /** The same one for the same labels, in the same order. Their values must be bounded. */
  cell(labels: Of): Cell;
  family(): Family;
}

export function cells<Name extends MetricOf<'counter'>>(name: Name): Cells<Readonly<Record<LabelOf<Name>, string>>> {
  type Of = Readonly<Record<LabelOf<Name>, string>>;
  const all = new Map<string, { readonly labels: Of; readonly cell: Cell }>();
  return {
    cell(labels) {
      const key = Object.values(labels).join('\0');
      let known = all.get(key);
      if (known === undefined) all.set(key, (known = { labels, cell: { n: 0 } }));
      return known.cell;
    },
    family: () =>
      counter(
        name,
        [...all.values()].map(({ labels, cell }) => [labels, cell.n] as const),
      ),
  };
}

/** Observations of one set of labels, counted where they are made; read when somebody asks. */
export interface Distribution {
  observe(value: number): void;
}

interface Distributions {
  /** The same one for the same labels, in the same order. Their values must be bounded. */
  of(labels: Readonly<Record<string, string>>): Distribution;
  family(): Family;
}

/**
 * A histogram, as prom-client would give it.
 * @param bounds upper bounds of its buckets, each included in its bucket, the lowest first
 */
export function distributions(name: MetricOf<'histogram'>, bounds: readonly number[]): Distributions {
  const all = new Map<
    string,
    { readonly labels: Labels; readonly samples: () => readonly Sample[]; readonly one: Distribution }
  >();
  const made = (labels: Labels) => {
    // the last is of what lies above all bounds
    const counts = new Float64Array(bounds.length + 1);
    let sum = 0;
    return {
      labels,
      one: {
        observe(value: number): void {
          let bucket = 0;
          while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++;
          counts[bucket] = (counts[bucket] ?? 0) + 1;
          sum += value;
        },
      },
      samples(): readonly Sample[] {
        let count = 0;
        const buckets = [...bounds, '+Inf'].map((le, i): Sample => {
          count += counts[i] ?? 0;
          return { labels: { le, ...labels }, value: count, metricName: `${name}_bucket` };
        });
        return [
          ...buckets,
          { labels, value: sum, metricName: `${name}_sum` },
          { labels, value: count, metricName: `${name}_count` },
        ];
      },
    };
  };
  return {
    of(labels) {
      const key = Object.values(labels).join('\0');
      let known = all.get(key);
      if (known === undefined) all.set(key, (known = made(labels)));
      return known.one;
    },
    family: () => ({
      name,
      help: metricTable[name].help,
      type: 'histogram',
      aggregator: 'sum',
      values: [...all.values()].flatMap(({ samples }) => samples()),
    }),
  };
}

const join = (how: string | undefined, a: number, b: number): number =>
  how === 'max' ? Math.max(a, b) : how === 'min' ? Math.min(a, b) : a + b;

const keyOf = ({ labels, metricName = '' }: Sample): string =>
  `${metricName}\0${Object.keys(labels)
    .sort()
    .map((name) => `${name}=${String(labels[name])}`)
    .join('\0')}`;

/** Those of several processes as one: each name once, each set of labels once. */
export function merge(sets: readonly (readonly Family[])[]): Family[] {
  const families = new Map<string, { readonly family: Family; readonly values: Map<string, Sample> }>();
  for (const family of sets.flat()) {
    let known = families.get(family.name);
    if (known === undefined) families.set(family.name, (known = { family, values: new Map() }));
    for (const sample of family.values) {
      const key = keyOf(sample);
      const before = known.values.get(key);
      known.values.set(
        key,
        before === undefined ? sample : { ...sample, value: join(known.family.aggregator, before.value, sample.value) },
      );
    }
  }
  return [...families.values()].map(({ family, values }) => ({ ...family, values: [...values.values()] }));
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const numeral = (value: number): string => (value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value));

/** The text format of Prometheus, version 0.0.4. */
export function exposition(families: readonly Family[]): string {
  return families
    .map(({ name, help, type, values }) => {
      const lines = values.map(({ labels, value, metricName }) => {
        const set = Object.entries(labels)
          .map(([label, text]) => `${label}="${escaped(String(text)).replaceAll('"', '\\"')}"`)
          .join(',');
        return `${metricName ?? name}${set === '' ? '' : `{${set}}`} ${numeral(value)}\n`;
      });
      return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('\n');
}
