/**
 * `node dist/test/tools/faults/soak.js`: a gateway and its connectors under a steady load for a long time, with terms so
 * short that everything that may go does go. It shows what each folder takes on disk and what each process holds in
 * memory at the start, in the middle and at the end. Exit 0: what grows is only what must; 1: something else grew, or
 * was wrong; 2: it could not run. It ends by itself, and stops all that it started.
 */
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lookupReceipt } from '../../../gateway/log/store/receipts.js';
import { bytesBelow, partSizes } from '../../../gateway/operate/metrics/parts.js';
import { run } from '../../e2e/command.js';
import { freePorts } from '../../support/servers/ports.js';
import { asked, type Counts, dropped, ended, pushed, type SoakParts, startCounts } from './load/steady.js';
import { Service } from './service.js';
import { DATASETS, makeWorkspace } from './workspace.js';

const HELP = `usage: node dist/test/tools/faults/soak.js --data DIR [--minutes 60] [--rate 50] [--workers 1] [--json]

  --data DIR     a new folder for workspace and data; it stays, to be looked at
  --minutes M    how long the load goes on
  --rate R       questions a second
  --workers N    worker processes of the gateway

example:
  node dist/test/tools/faults/soak.js --minutes 60 --rate 50 --data soak
`;

/** What must grow with what is asked and published, and is kept for the law's terms or for good. All else must not. */
const MUST = new Set(['bodies', 'index', 'search', 'log', 'bus', 'view', 'keys']);
/**
 * What a part or process may grow from the middle to the end and still count as steady: free pages of a map, a segment
 * under way.
 */
const ROOM = { bytes: 48 << 20, share: 0.15 } as const;
/** Minutes under which a run says nothing of what is steady: terms and caches are not through yet. */
const TELLING = 20;
const READY_WITHIN = 180_000;
const STOP_WITHIN = 120_000;

interface Sample {
  readonly seconds: number;
  readonly disk: ReadonlyMap<string, number>;
  readonly memory: ReadonlyMap<string, { readonly rss: number; readonly anon: number }>;
}

const mib = (bytes: number | undefined): string => (bytes === undefined ? '–' : (bytes / 1_048_576).toFixed(1));

async function memoryOf(pid: number): Promise<{ rss: number; anon: number }> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { rss: of('VmRSS'), anon: of('RssAnon') };
}

async function sample(
  data: string,
  gateway: Service,
  connectors: ReadonlyMap<string, Service>,
  seconds: number,
): Promise<Sample> {
  const disk = new Map<string, number>([...(await partSizes(data)), ['log', await bytesBelow(join(data, 'log'))]]);
  disk.set('in all', await bytesBelow(data));
  const pids: [string, number | undefined][] = [
    ['supervisor', gateway.pid],
    ['writer', gateway.children('process/writer.js')[0]],
    ...gateway.children('process/worker.js').map((pid, i): [string, number] => [`worker ${String(i + 1)}`, pid]),
    ...[...connectors].map(([name, service]): [string, number | undefined] => [`connector ${name}`, service.pid]),
    ['this harness', process.pid],
  ];
  const memory = new Map<string, { rss: number; anon: number }>();
  for (const [name, pid] of pids) if (pid !== undefined) memory.set(name, await memoryOf(pid));
  return { seconds, disk, memory };
}

function table(samples: readonly Sample[]): string {
  const head = samples.map(
    ({ seconds }, i) => `${['start', 'middle', 'end'][i] ?? ''} (${String(Math.round(seconds))} s)`,
  );
  const lines: string[][] = [['MiB', ...head, 'middle to end']];
  const row = (name: string, values: readonly (number | undefined)[]): void => {
    const [, middle, end] = values;
    lines.push([name, ...values.map(mib), middle === undefined || end === undefined ? '–' : mib(end - middle)]);
  };
  for (const part of samples.at(-1)?.disk.keys() ?? [])
    row(
      `disk  ${part}${MUST.has(part) ? ' (must)' : ''}`,
      samples.map(({ disk }) => disk.get(part)),
    );
  for (const name of samples.at(-1)?.memory.keys() ?? []) {
    row(
      `RSS      ${name}`,
      samples.map(({ memory }) => memory.get(name)?.rss),
    );
    row(
      `RssAnon  ${name}`,
      samples.map(({ memory }) => memory.get(name)?.anon),
    );
  }
  const widths = lines[0]?.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? '').length))) ?? [];
  return lines
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}

/** What grew from the middle to the end although it need not. */
function grown([, middle, end]: readonly Sample[]): string[] {
  if (middle === undefined || end === undefined) return [];
  const over = (before: number, after: number): boolean =>
    after - before > ROOM.bytes && after - before > ROOM.share * before;
  const disk = [...end.disk].flatMap(([part, bytes]) =>
    MUST.has(part) || part === 'in all' || !over(middle.disk.get(part) ?? 0, bytes)
      ? []
      : [`${part} grew from ${mib(middle.disk.get(part))} to ${mib(bytes)} MiB`],
  );
  const memory = [...end.memory].flatMap(([name, { anon }]) =>
    name === 'this harness' || !over(middle.memory.get(name)?.anon ?? 0, anon)
      ? []
      : [`${name} holds ${mib(anon)} MiB of its own, ${mib(middle.memory.get(name)?.anon)} in the middle`],
  );
  return [...disk, ...memory];
}

/** Counters of the gateway that say whether what is past its term went. */
async function given(health: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${health}/metrics`)).text().catch(() => '');
  const found = [
    ...text.matchAll(
      /^yitong_(?:housekeeping_gone_total\{kind="(\w+)"\}|(journal_given_back_bytes)_total|(log_published_entries)) (\S+)$/gm,
    ),
  ];
  return Object.fromEntries(
    found.map(([, kind, bytes, entries, value]) => [kind ?? bytes ?? entries ?? '', Number(value)]),
  );
}

interface Settings {
  readonly dir: string;
  readonly minutes: number;
  readonly rate: number;
  readonly workers: number;
  readonly asJson: boolean;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      minutes: { type: 'string', default: '60' },
      rate: { type: 'string', default: '50' },
      workers: { type: 'string', default: '1' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const [minutes, rate, workers] = [Number(values.minutes), Number(values.rate), Number(values.workers)];
  if (values.help === true || values.data === undefined || !(minutes > 0) || !(rate > 0) || !(workers >= 1)) {
    process.stdout.write(HELP);
    return values.help === true ? 0 : 2;
  }
  const dir = resolve(values.data);
  if (existsSync(join(dir, 'data'))) {
    process.stderr.write(`there is a data folder in ${dir} already; name a new one\n`);
    return 2;
  }
  return await soak({ dir, minutes, rate, workers, asJson: values.json === true });
}

async function soak({ dir, minutes, rate, workers, asJson }: Settings): Promise<number> {
  const [workspace, data] = [join(dir, 'workspace'), join(dir, 'data')];
  await mkdir(data, { recursive: true });
  const [api = 0, people = 0, health = 0] = await freePorts(3);
  const span = minutes * 60_000;
  // as short as lets each of them come to its end several times
  const term = `PT${String(Math.max(10, Math.round(span / 20_000)))}S`;
  await makeWorkspace({
    dir: workspace,
    prefix: 'soak',
    ports: { api, people, health },
    apiUrl: 'http://127.0.0.1:1',
    settings: {
      audit: { segmentBytes: 1_048_576, mergeWithinSeconds: 5 },
      keep: { journals: term, positions: term, quarantine: term, alerts: term, tickets: term },
    },
  });
  const counts = startCounts();
  let ready = (): void => undefined;
  const isReady = new Promise<true>((done) => (ready = () => done(true)));
  process.env['YITONG_GATEWAY_WORKERS'] = String(workers);
  const gateway = new Service(['gateway', '--workspace', workspace, '--data', data, '--json'], (line) => {
    if (line.includes('"ready":true')) ready();
  });
  const connectors = new Map([
    [
      'files',
      new Service(['connector', DATASETS.files, '--workspace', workspace, '--data', data, '--json'], (line) =>
        fedBy(counts, line),
      ),
    ],
  ]);
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const services = [gateway, ...connectors.values()];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  let working: Promise<unknown> = Promise.resolve();
  try {
    gateway.start();
    if (!(await Promise.race([isReady, wait(READY_WITHIN, false, { signal: stopping.signal })])))
      throw new Error(`the gateway was not ready within ${String(READY_WITHIN / 1000)} s: ${gateway.complaints}`);
    for (const connector of connectors.values()) connector.start();
    const parts: SoakParts = {
      api: `https://127.0.0.1:${String(api)}`,
      pki: join(workspace, 'pki'),
      workspace,
      data,
      inbox: join(workspace, 'inbox'),
      counts,
      signal: stopping.signal,
    };
    working = Promise.all([asked(parts, rate), pushed(parts), dropped(parts), ended(parts, span)]);
    working.catch(() => undefined);
    const started = Date.now();
    const seconds = (): number => (Date.now() - started) / 1000;
    // caches, code and first pages are there by then
    await wait(Math.min(30_000, span / 10), undefined, { signal: stopping.signal });
    const samples = [await sample(data, gateway, connectors, seconds())];
    for (const at of [span / 2, span]) {
      while (Date.now() - started < at) {
        await wait(Math.min(60_000, Math.max(1, at - (Date.now() - started))), undefined, { signal: stopping.signal });
        say(
          `${String(Math.round(seconds()))} s: ${JSON.stringify(counts.numbers)}; gone ${JSON.stringify(await given(`http://127.0.0.1:${String(health)}`))}`,
        );
      }
      samples.push(await sample(data, gateway, connectors, seconds()));
    }
    const gone = await given(`http://127.0.0.1:${String(health)}`);
    const ready = (await (await fetch(`http://127.0.0.1:${String(health)}/health/ready`)).json()) as {
      readonly warnings: readonly string[];
      readonly reasons: readonly string[];
    };
    stopping.abort();
    await working;
    const failures = services.reduce((sum, { failures }) => sum + failures, 0);
    const codes = await stopAll(services);
    const findings = [
      ...counts.wrong,
      ...(minutes < TELLING ? [] : grown(samples)),
      ...ready.reasons,
      ...(failures === 0 ? [] : [`${String(failures)} processes ended by themselves`]),
      ...(codes.every((code) => code === 0) ? [] : [`a process did not end in order: ${codes.join(', ')}`]),
    ];
    const verified = await run('audit', 'verify', '--data', data, '--json');
    const log = JSON.parse(verified.stdout) as {
      readonly ok: boolean;
      readonly size: number;
      readonly pruned: number;
      readonly fault?: string;
    };
    if (!log.ok) findings.push(`the log does not verify: ${log.fault ?? ''}`);
    for (const id of counts.receipts)
      if (lookupReceipt(data, id).kind !== 'logged') findings.push(`the receipt ${id} is not in the log`);
    const report = {
      minutes,
      rate,
      term,
      numbers: counts.numbers,
      gone,
      warnings: ready.warnings,
      log: { size: log.size, pruned: log.pruned },
      receipts: counts.receipts.length,
      findings: findings.slice(0, 50),
    };
    if (asJson)
      process.stdout.write(
        `${JSON.stringify({ ...report, samples: samples.map(({ seconds, disk, memory }) => ({ seconds, disk: Object.fromEntries(disk), memory: Object.fromEntries(memory) })) })}\n`,
      );
    else process.stdout.write(`${table(samples)}\n\n${JSON.stringify(report, null, 2)}\n`);
    return findings.length === 0 ? 0 : 1;
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    say('stopped before its time');
    return 2;
  } finally {
    stopping.abort();
    await working.catch(() => undefined);
    for (const service of services) service.kill(true);
    await stopAll(services);
  }
}

function fedBy(counts: Counts, line: string): void {
  const { rows, state } = JSON.parse(line) as { readonly rows?: number; readonly state?: string };
  if (rows === undefined) return;
  counts.numbers.runs += 1;
  counts.numbers.rows += rows;
  if (state === 'refused') counts.wrong.push('a snapshot was refused');
}

/** In order: the gateway last. One that does not end is killed. */
async function stopAll(services: readonly Service[]): Promise<readonly unknown[]> {
  const codes: unknown[] = [];
  for (const service of [...services].reverse()) {
    const late = setTimeout(() => service.kill(true), STOP_WITHIN);
    codes.push(await service.stop());
    clearTimeout(late);
  }
  return codes;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 2;
});
