/**
 * Whoever is called at night is called for a reason: each alert fires where it should, alone, and a healthy city is
 * quiet.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { documented, metricsOfAlerts, promtool, promtoolForTest, rules, rulesFile } from './rules.js';

t.setTimeout(300_000);
const situations = join(packageRoot(), 'test/operate/metrics/alerts.promtool.yaml');

t.test('each alert has a severity, words in two languages and its place in docs/operating.md', (t) => {
  const alerts = rules().filter(({ kind }) => kind === 'alert');
  t.ok(alerts.length > 30);
  for (const { name, severity, text } of alerts) {
    t.match(name, /^Yitong[A-Z]/);
    t.match(severity, /^(?:critical|warning|info)$/, name);
    for (const part of ['summary', 'summary_zh', 'description'])
      t.match(text, new RegExp(`\\n {10}${part}: '[^\\n]{10,}'`), `${name} has a ${part}`);
    t.match(text, `runbook_url: docs/operating.md#${name.toLowerCase()}`);
  }
  t.end();
});

t.test('each metric of an alert stands in docs/metrics.md, which names the alert beside it, and no other', (t) => {
  const named = new Map<string, string[]>();
  for (const [alert, metrics] of metricsOfAlerts())
    for (const metric of metrics) named.set(metric, [...(named.get(metric) ?? []), alert]);
  const metrics = documented();
  for (const [metric, alerts] of named)
    t.strictSame([...(metrics.get(metric)?.alerts ?? [])].sort(), alerts.sort(), metric);
  t.strictSame(
    [...metrics].filter(([metric, { alerts }]) => alerts.length > 0 && !named.has(metric)).map(([metric]) => metric),
    [],
  );
  t.end();
});

t.test('each alert is expected in a situation of its own', (t) => {
  const text = readFileSync(situations, 'utf8');
  for (const { name, severity } of rules().filter(({ kind }) => kind === 'alert'))
    t.match(text, `{alertname="${name}", severity="${severity}"}`);
  t.ok([...text.matchAll(/exp_samples: \[\]/g)].length >= 8, 'and there are situations in which nothing may be said');
  t.end();
});

if (promtoolForTest(t) === true) {
  void t.test('Prometheus takes the rules', (t) => {
    const { ok, said } = promtool(['check', 'rules', rulesFile]);
    t.ok(ok, said);
    t.end();
  });

  void t.test('in each situation exactly the expected alerts fire', (t) => {
    const { ok, said } = promtool(['test', 'rules', situations]);
    t.ok(ok, said);
    t.end();
  });
}
