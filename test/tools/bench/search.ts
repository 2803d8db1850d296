/**
 * `search`: the first page of what an auditor asks, over a log of many entries. Each question is asked of an index that
 * was just opened, as by `yitong audit search` or a worker that has just started, and of a log that ends just before
 * another part of its last block is written.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { releasedTemplate } from '../../../gateway/log/entries/events.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { BLOCK } from '../../../gateway/log/search/block.js';
import { openSearch, type SearchQuery } from '../../../gateway/log/search/index.js';
import { startWatching } from '../../../gateway/procedures/watch/follow.js';
import { type StoredLog, storedLog } from '../../log/stored.js';
import { type BenchRow, median, round } from './rows.js';

const ROUNDS = 5;
const PAGE = 50;
/** s */
const FLOOR = 1;
const START = Date.parse('2025-01-01T00:00:00Z');
/** Two years, however many entries. */
const YEARS = 2 * 365 * 86_400_000;
const CLIENTS = 40;
const DATASETS = 60;
const PURPOSES = 12;
/** Of the log, whatever its length; each case is met again and again over all of it. */
const CASES = 200_000;
const SUBJECTS = 50_000;
const ACTORS = 500;
const BATCH = BLOCK / 2;
const TOLD_EVERY = 15_000;

const client = (n: number): string => `client-${String(n % CLIENTS)}`;
const dataset = (n: number): string => `authority-${String(n % 15)}.dataset-${String(n % DATASETS)}`;

/**
 * Bodies of `size` entries, as the gateway would have written them: each with a time, an id, a case and its sealed
 * part.
 */
function bodiesOf(log: StoredLog, size: number): (n: number) => Buffer {
  log.keys.ensure(Array.from({ length: SUBJECTS }, (_, i) => `uscc:${String(i)}`));
  const plans = Array.from({ length: CLIENTS * DATASETS }, (_, n) => {
    const datasets = Array.from({ length: 1 + (n % 4) }, (_none, i) => ({
      of: n * 7 + i * 13,
      denied: (n * 31 + i) % 100 === 0,
    }));
    return {
      records: datasets.map(({ denied }) => (denied ? 0 : 1)),
      template: releasedTemplate({
        client: client(n),
        authority: `authority-${String(n % 15)}`,
        purpose: `purpose-${String(n % PURPOSES)}`,
        policyVersion: 'bench',
        stated: ['item', 'caseId', 'actor'],
        datasets: datasets.map(({ of, denied }) => ({
          dataset: dataset(of),
          ...(denied
            ? { effect: 'deny', reason: 'not_granted', fields: [], forms: {} }
            : {
                effect: 'allow',
                grant: `grant-${String(of % DATASETS)}`,
                fields: ['name', 'status', 'address.city'],
                forms: {},
              }),
        })),
      }),
    };
  });
  const sealed = new Map<number, string>();
  return (n) => {
    const which = (n * 7919) % CASES;
    let subject = sealed.get(which);
    if (subject === undefined)
      sealed.set(
        which,
        (subject = JSON.stringify(
          log.sealed(`uscc:${String(which % SUBJECTS)}`, {
            caseId: `case-${String(which)}`,
            actor: `officer-${String(which % ACTORS)}`,
          }),
        )),
      );
    const plan = plans[(n * 13) % plans.length];
    const clear =
      plan?.template({
        time: new Date(START + Math.floor((n / size) * YEARS)).toISOString(),
        requestId: `request-${String(n)}`,
        records: plan.records,
        bodySha256: 'x'.repeat(43),
        bytes: 1200,
      }) ?? '';
    return Buffer.from(`${clear.slice(0, -1)},"subject":${subject}}`);
  };
}

function questions(size: number): Readonly<Record<string, SearchQuery>> {
  const at = (share: number): number => START + share * YEARS;
  const type = 'released';
  return {
    'newest first': { type },
    'consumer in a month, a year ago': { type, client: client(3), since: at(0.5), until: at(0.5) + 30 * 86_400_000 },
    dataset: { type, dataset: dataset(5) },
    'denied only': { type, result: 'deny' },
    'denied to one consumer of one dataset': { type, client: client(7), dataset: dataset(49), result: 'deny' },
    subject: { type, subject: 'uscc:17' },
    case: { type, caseId: 'case-12' },
    'one request, the oldest': { request: 'request-1' },
    'nothing that is there': { type, client: 'client-of-nobody' },
    [`entries ${size.toLocaleString('en')} ago, a day`]: { type, since: START, until: START + 86_400_000 },
  };
}

const seconds = (since: number): string => `${String(Math.round((performance.now() - since) / 1000))} s`;
const told = (text: string): void => void process.stderr.write(`  ${text}\n`);

export async function searchRow(dir: string, wanted: number): Promise<BenchRow[]> {
  // one less than a full block
  const size = Math.ceil(wanted / BLOCK) * BLOCK - 1;
  const log = storedLog(dir);
  const bodyOf = bodiesOf(log, size);
  let began = performance.now();
  let last = began;
  for (let n = 0; n < size; n += BATCH) {
    log.addBodies(Array.from({ length: Math.min(BATCH, size - n) }, (_, i) => bodyOf(n + i)));
    if (performance.now() - last < TOLD_EVERY) continue;
    last = performance.now();
    told(`${(n + BATCH).toLocaleString('en')} of ${size.toLocaleString('en')} entries made, ${seconds(began)}`);
  }
  await log.close();

  const { search: folder } = auditLayout(dir);
  const blocks = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.blk'));
  began = performance.now();
  const cpu = process.cpuUsage();
  const telling = setInterval(
    () => told(`${String(blocks().length)} of ${String(Math.floor(size / BLOCK))} blocks indexed, ${seconds(began)}`),
    TOLD_EVERY,
  );
  const indexing = openSearch(dir);
  // by what the writer runs, without rules
  const follower = startWatching({
    dataDir: dir,
    rules: new Map(),
    thresholds: new Map(),
    index: indexing.feed(),
    now: Date.now,
    interval: 0,
    record: () => Promise.resolve(),
    onError: (error) => {
      throw error;
    },
  });
  await follower.runOnce();
  await follower.stop();
  await indexing.close();
  clearInterval(telling);
  const { user, system } = process.cpuUsage(cpu);
  const bytes = blocks().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

  const asked = Object.entries(questions(size));
  const taken = new Map<string, number[]>(asked.map(([name]) => [name, []]));
  const counts = new Map<string, number>();
  for (let turn = 0; turn < ROUNDS; turn++) {
    for (const [name, query] of asked) {
      const started = performance.now();
      const search = openSearch(dir);
      const { entries } = await search.page(query, { limit: PAGE });
      taken.get(name)?.push((performance.now() - started) / 1000);
      counts.set(name, entries.length);
      await search.close();
    }
  }
  const medians = [...taken]
    .map(([name, times]): [string, number] => [name, median(times)])
    .sort(([, a], [, b]) => b - a);
  const slowest = medians[0]?.[1] ?? NaN;
  const all = [...taken.values()].flat();
  const empty = asked.filter(([name]) => (counts.get(name) ?? 0) === 0).map(([name]) => name);
  return [
    {
      id: 'search',
      what:
        `first page of a search over ${size.toLocaleString('en')} entries, in an index just opened; the slowest ` +
        `of ${String(asked.length)} kinds of question`,
      value: round(slowest),
      unit: 's',
      reference: null,
      ratio: null,
      floor: `< ${String(FLOOR)}`,
      aim: '0.2',
      // a question that finds nothing where something is would be fast
      holds: slowest < FLOOR && empty.length === 1,
      runs: ROUNDS,
      spread: [round(Math.min(...all)), round(Math.max(...all))],
      note: `${medians.map(([name, time]) => `${name} ${(time * 1000).toFixed(0)} ms (${String(counts.get(name) ?? 0)})`).join(', ')}; index ${String(Math.round(bytes / size))} B and ${((user + system) / size).toFixed(0)} µs an entry`,
    },
  ];
}
