/** The alert rules as they stand in helm/yitong/files/alerts.yaml, docs/metrics.md as tables, and promtool. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { present } from '../../../contracts/present.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { missingHere } from '../../support/missing.js';

export const rulesFile = join(packageRoot(), 'helm/yitong/files/alerts.yaml');

/** Whether promtool is here; where it is not the test is skipped by name. */
export function promtoolForTest(t: Pick<Test, 'fail' | 'pass'>): true | undefined {
  if (spawnSync('promtool', ['--version']).status === 0) return true;
  return missingHere(t, "promtool: not installed here, it is in Debian's package `prometheus`");
}

/** What promtool says, and whether it found anything wrong. */
export function promtool(args: readonly string[], input?: string): { readonly ok: boolean; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, {
    encoding: 'utf8',
    ...present({ input }),
  });
  return { ok: status === 0, said: `${stdout}${stderr}` };
}

export interface Rule {
  readonly kind: 'alert' | 'record';
  readonly name: string;
  readonly severity: string;
  /** Expression and annotations. */
  readonly text: string;
  readonly expr: string;
}

/** One file in one form: no YAML library for it. */
export const rules = (): readonly Rule[] =>
  readFileSync(rulesFile, 'utf8')
    .split('\n      - ')
    .slice(1)
    .map((text) => {
      const [, kind = '', name = ''] = /^(alert|record): (\S+)/.exec(text) ?? [];
      return {
        kind: kind === 'record' ? 'record' : 'alert',
        name,
        severity: /severity: (\w+)/.exec(text)?.[1] ?? '',
        text,
        expr: /expr:([^]*?)(?=\n {8}(?:for|labels)|\n {2}- name|$)/.exec(text)?.[1] ?? '',
      };
    });

/** Names of metrics in an expression, those of histograms without `_bucket`, `_sum`, `_count`. */
export const metricsIn = (expr: string): readonly string[] => [
  ...new Set([...expr.matchAll(/\byitong_\w+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ''))),
];

/** By alert, all metrics that decide it, also through recording rules. */
export function metricsOfAlerts(): ReadonlyMap<string, ReadonlySet<string>> {
  const all = rules();
  const recorded = new Map(
    all.filter(({ kind }) => kind === 'record').map(({ name, expr }) => [name, metricsIn(expr)]),
  );
  const found = new Map<string, Set<string>>();
  for (const { name, expr } of all.filter(({ kind }) => kind === 'alert')) {
    const metrics = found.get(name) ?? new Set<string>();
    for (const metric of [
      ...metricsIn(expr),
      ...[...expr.matchAll(/yitong:[\w:]+/g)].flatMap(([record]) => recorded.get(record) ?? []),
    ])
      metrics.add(metric);
    found.set(name, metrics);
  }
  return found;
}

export interface Documented {
  readonly type: string;
  readonly labels: readonly string[];
  readonly meaning: string;
  readonly alerts: readonly string[];
}

const page = (): readonly string[][] =>
  readFileSync(join(packageRoot(), 'docs/metrics.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
const quoted = (cell = ''): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

/** The tables of metrics in docs/metrics.md, by name. */
export const documented = (): ReadonlyMap<string, Documented> =>
  new Map(
    page()
      .filter((cells) => cells.length === 5)
      .map(([name, type = '', labels, meaning = '', alerts]) => [
        quoted(name)[0] ?? '',
        { type, labels: quoted(labels), meaning, alerts: quoted(alerts) },
      ]),
  );

/** Labels of which docs/metrics.md says where their values come from. */
export const documentedLabels = (): ReadonlySet<string> =>
  new Set(
    page()
      .filter((cells) => cells.length === 2)
      .flatMap(([names]) => quoted(names)),
  );

export interface Scraped {
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  readonly samples: readonly {
    readonly family: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** Text of /metrics. */
export function parsed(text: string): Scraped {
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  const samples: { family: string; labels: Record<string, string>; value: number }[] = [];
  let family = '';
  for (const line of text.split('\n')) {
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (what === 'HELP') helps.set(name, rest);
    if (what === 'TYPE') types.set((family = name), rest);
    if (line === '' || line.startsWith('#')) continue;
    const [, , set = '', value = ''] = /^([a-zA-Z_:]\w*)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? [];
    samples.push({
      family,
      labels: Object.fromEntries(
        [...set.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/gs)].map(([, label = '', text = '']) => [label, text]),
      ),
      value: Number(value),
    });
  }
  return { types, helps, samples };
}
