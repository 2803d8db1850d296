/** The dashboard asks for what there is, in words of both languages, and Prometheus can read each question. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { asked, dashboard, panels, targets } from './dashboard.js';
import { documented, metricsIn, promtool, promtoolForTest } from './rules.js';

t.test('it is a dashboard of Grafana 12, with a choice of data source, namespace and instance', (t) => {
  t.equal(dashboard.schemaVersion, 41);
  t.strictSame(
    dashboard.templating.list.map(({ name, type }) => [name, type]),
    [
      ['datasource', 'datasource'],
      ['namespace', 'query'],
      ['instance', 'query'],
    ],
  );
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length, 'ids are unique');
  for (const { title, datasource, targets: of = [] } of panels) {
    t.equal(datasource?.uid, '${datasource}', title);
    t.ok(of.length > 0 && of.every((target) => target.datasource.uid === '${datasource}'), title);
    t.equal(new Set(of.map(({ refId }) => refId)).size, of.length, title);
  }
  t.end();
});

t.test('panels do not lie on one another and stay on the page', (t) => {
  const taken = new Set<string>();
  for (const {
    title,
    gridPos: { x, y, w, h },
  } of dashboard.panels) {
    t.ok(x >= 0 && x + w <= 24, title);
    for (let i = x; i < x + w; i++)
      for (let j = y; j < y + h; j++) {
        if (taken.has(`${i},${j}`)) t.fail(`${title} lies on another at ${i},${j}`);
        taken.add(`${i},${j}`);
      }
  }
  t.end();
});

t.test('each title is in Chinese and in English', (t) => {
  for (const { title } of dashboard.panels) t.match(title, /^\p{Script=Han}.* [A-Z]/u);
  t.end();
});

t.test('each metric that it asks for stands in docs/metrics.md, with the labels that it asks by', (t) => {
  const page = documented();
  for (const { title, expr } of targets) {
    for (const metric of metricsIn(expr)) t.ok(page.has(metric), `${title}: ${metric}`);
    t.match(expr, /instance=~"\$instance"/, `${title} is of the chosen instances`);
    const [first = ''] = metricsIn(expr);
    const known = new Set([...(page.get(first)?.labels ?? []), 'le', 'instance']);
    for (const [, labels = ''] of expr.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of labels.split(',')) t.ok(known.has(label.trim()), `${title}: ${first} has no label ${label}`);
  }
  for (const { definition = '' } of dashboard.templating.list)
    for (const metric of metricsIn(definition)) t.ok(page.has(metric), metric);
  t.end();
});

if (promtoolForTest(t) === true) {
  void t.test('Prometheus can read each expression', (t) => {
    const file = join(t.testdir(), 'expressions.yaml');
    writeFileSync(
      file,
      JSON.stringify({
        groups: [
          {
            name: 'dashboard',
            rules: targets.map(({ expr }, i) => ({ record: `dashboard:panel:${String(i)}`, expr: asked(expr) })),
          },
        ],
      }),
    );
    const { ok, said } = promtool(['check', 'rules', file]);
    t.ok(ok, said);
    t.match(said, `${String(targets.length)} rules found`);
    t.end();
  });
}
