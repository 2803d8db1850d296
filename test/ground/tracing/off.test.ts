/**
 * Where traces are not configured nothing of them is loaded, kept or sent; where their endpoint hangs, answers come as
 * always.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openEmbeddedBus } from '../../../connectors/bus/embedded/bus.js';
import { dataTopic, HEADER } from '../../../connectors/bus/port.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { everything } from '../../connectors/office.js';
import { ask, until } from '../../e2e/ask.js';
import { type City, city, cli } from '../../e2e/city.js';
import { entries } from '../../e2e/command.js';
import { companies, stories } from '../../e2e/stories.js';
import { caller } from './city.js';
import { receiver } from './receiver.js';

t.setTimeout(240_000);
const { allowed, push } = stories;

/** Scripts that the processes of a run loaded, as V8 counted them at their end. */
function loaded(dir: string): Set<string> {
  const reports = readdirSync(dir).map(
    (file) =>
      JSON.parse(readFileSync(join(dir, file), 'utf8')) as { readonly result?: readonly { readonly url: string }[] },
  );
  return new Set(reports.flatMap(({ result = [] }) => result.map(({ url }) => url)));
}
/** Without OpenTelemetry's API, which prom-client brings into every process that counts. */
const ofTracing = (urls: ReadonlySet<string>): string[] =>
  [...urls].filter(
    (url) =>
      (url.includes('/@opentelemetry/') && !url.includes('/@opentelemetry/api/')) ||
      url.endsWith('/gateway/ground/tracing/otel.js'),
  );

async function traffic(t: Test, running: City, subject: string): Promise<string> {
  const { traceparent } = caller(true);
  const asked = await ask(running.api, running.pki, allowed.client, {
    method: 'POST',
    path: '/v1/query',
    headers: { traceparent },
    body: { purpose: allowed.purpose, subject, datasets: [{ id: allowed.datasets[0] }] },
  });
  t.equal(asked.status, 200, asked.text);
  const value = {
    checkNumber: 'T1',
    uscc: subject.slice('uscc:'.length),
    name: null,
    plate: '云XA2421',
    station: '望江渡口超限检测站',
    checkedAt: '2026-08-14T01:12:40.000Z',
    totalMass: 40_000,
    limit: 49_000,
    overloaded: false,
    position: null,
  };
  const body = { sourceTime: new Date().toISOString(), records: [{ position: 't1', value }] };
  const pushed = await ask(running.api, running.pki, push.publisher, {
    method: 'POST',
    path: `/v1/datasets/${push.reader.dataset}/records`,
    headers: { traceparent },
    body,
  });
  t.match(JSON.parse(pushed.text), { results: [{ status: 'published' }] });
  return traceparent;
}

t.test('without an endpoint no process loads any of it, and no record says a trace', async (t) => {
  const coverage = t.testdir();
  const control = join(coverage, 'control');
  spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `await import(${JSON.stringify(new URL('../../../gateway/ground/tracing/otel.js', import.meta.url).href)})`,
    ],
    { env: { ...process.env, NODE_V8_COVERAGE: control } },
  );
  t.ok(ofTracing(loaded(control)).length > 20, 'it would be seen');

  const dir = join(coverage, 'city');
  // out of the compiled files: in the one file that they are put into, nobody sees which of them ran
  const running = await city(t, {
    cli: fileURLToPath(new URL('../../../gateway/cli/run.js', import.meta.url)),
    args: ['--companies', '20'],
    env: { NODE_V8_COVERAGE: dir },
  });
  const [subject = ''] = await companies(running.data);
  const traceparent = await traffic(t, running, subject);
  await until(
    'its entry',
    () => entries<{ readonly traceparent?: string }>(running.data, '--client', allowed.client),
    (all) => all.some((one) => one.traceparent === traceparent),
  );
  t.notMatch(await (await fetch(`${running.health}/metrics`)).text(), /^yitong_spans_\w+\{/m);
  const { data } = running;
  const bus = async (): Promise<string[]> => {
    const { prefix } = await loadWorkspace(packageRoot());
    const opened = await openEmbeddedBus({ dir: join(data, 'bus') });
    const records = (
      await Promise.all(
        [allowed.datasets[0], push.reader.dataset].map((dataset) => everything(opened, dataTopic(prefix, dataset))),
      )
    ).flat();
    await opened.close();
    t.ok(records.length > 10);
    return records.flatMap(({ headers }) => headers[HEADER.traceparent] ?? []);
  };
  t.strictSame(await bus(), [], "a pushed record's neither");
  await running.stop();
  const scripts = loaded(dir);
  for (const one of [
    'operate/process/worker.js',
    'operate/process/writer.js',
    'operate/process/feeds.js',
    'ground/tracing/index.js',
  ])
    t.ok(scripts.has(new URL(`../../../gateway/${one}`, import.meta.url).href), `${one} ran`);
  t.strictSame(ofTracing(scripts), []);
});

t.test('an endpoint that hangs keeps no answer and no end waiting; what it loses is counted', async (t) => {
  const collector = await receiver(t);
  collector.answer = 'hangs';
  const running = await city(t, {
    args: ['--companies', '20'],
    env: { YITONG_TRACING_ENDPOINT: collector.url, YITONG_TRACING_SAMPLE_RATIO: '1' },
  });
  const [subject = ''] = await companies(running.data);
  await traffic(t, running, subject);
  const metrics = async (): Promise<string> => (await fetch(`${running.health}/metrics`)).text();
  const count = (text: string, which: string, process: string): number =>
    Number(new RegExp(`^yitong_spans_${which}_total\\{process="${process}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  for (const process of ['worker-1', 'writer', 'feeds'])
    await until(`${process} counts`, metrics, (text) => count(text, 'dropped', process) > 0);
  t.match(running.said(), /"process":"worker-1","msg":"traces are dropped, their endpoint does not take them/);
  t.notOk(running.said().includes(subject.slice('uscc:'.length)));
  collector.answer = 'takes';
  await until(
    'spans go again',
    async () => {
      await ask(running.api, running.pki, allowed.client, { path: '/v1/catalogue' });
      return metrics();
    },
    (text) => count(text, 'exported', 'worker-1') > 0,
  );
  collector.answer = 'hangs';
  await ask(running.api, running.pki, allowed.client, { path: '/v1/catalogue' });
  // `stop` fails unless each process ends by itself within its time
  await running.stop();
});

t.test('a connector on its own exports its run before it ends', async (t) => {
  const collector = await receiver(t);
  const workspace = join(t.testdir(), 'office');
  spawnSync(process.execPath, [cli, 'init', workspace]);
  const child = spawn(
    process.execPath,
    [cli, 'connector', 'office.shops', '--once', '--workspace', workspace, '--data', join(workspace, 'data')],
    {
      env: { ...process.env, YITONG_TRACING_ENDPOINT: collector.url, YITONG_TRACING_SAMPLE_RATIO: '1' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  t.equal(await new Promise((resolve) => child.once('exit', resolve)), 0);
  t.strictSame(
    collector
      .spans()
      .map(({ name }) => name.split(' ')[0])
      .sort(),
    ['run', 'send'],
  );
  t.ok(collector.spans().every(({ resource }) => String(resource['service.instance.id']).startsWith('connector-')));
});
