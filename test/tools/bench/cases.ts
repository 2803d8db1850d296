/**
 * `cases`, `cases-p99`: people open a case, save its form, show who they are, sign and submit it, in a running city over
 * HTTP: each of the five acts is durable on record and then durable in the state before it is answered. `cases-inbox`:
 * a page of an authority's inbox with 100,000 open cases behind it.
 */
import { join } from 'node:path';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { type Client, connect, connectionOf } from '../../../gateway/client/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { Change, Json } from '../../../gateway/ground/state/port.js';
import { sealingKeysOf } from '../../../gateway/log/entries/sealing-keys.js';
import { openCases } from '../../../gateway/procedures/cases/cases.js';
import { caseContent } from '../../../gateway/procedures/cases/opened.js';
import { usualValues } from '../../../gateway/procedures/cases/play.js';
import { developmentDrivers } from '../../../gateway/procedures/cases/ports.js';
import { type BenchRow, median, quantile, round, spread } from './rows.js';
import { startCity } from './servers.js';

export const BUNDLE = 'open-company';
export const CASE_CLIENT = 'one-stop-counter';
export const FOUNDER = 'cn-id:11010519491231002X';
const ANSWERS = { seals: false, invoices: false, hires: false };
/** Cases under way at once. */
const LANES = 32;
const ROUNDS = 3;
const SECONDS = 8;
const LEAST = 100;
const MOST_MS = 1000;

interface Measured {
  /** Submitted a second. */
  readonly rate: number;
  /** ms of each act. */
  readonly acts: readonly number[];
}

/** Through to its submission. */
export async function oneCase(client: Client, values: Readonly<Record<string, Json>>, acts: number[]): Promise<void> {
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const begun = performance.now();
    const answer = await work;
    acts.push(performance.now() - begun);
    return answer;
  };
  const as = { as: FOUNDER };
  const { id } = await timed(client.openCase({ bundle: BUNDLE }, as));
  await timed(client.actOnCase(id, { act: 'save', answers: ANSWERS, values: values as never }, as));
  await timed(client.actOnCase(id, { act: 'step', step: 'fill', port: 'identity' }, as));
  await timed(client.actOnCase(id, { act: 'step', step: 'fill', port: 'signature' }, as));
  const { phase } = await timed(client.actOnCase(id, { act: 'submit' }, as));
  if (phase !== 'submitted') throw new Error(`the case is ${phase}`);
}

async function measure(client: Client, values: Readonly<Record<string, Json>>): Promise<Measured> {
  const acts: number[] = [];
  let submitted = 0;
  const begun = performance.now();
  const end = begun + SECONDS * 1000;
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      while (performance.now() < end) {
        await oneCase(client, values, acts);
        submitted++;
      }
    }),
  );
  return { rate: (submitted * 1000) / (performance.now() - begun), acts };
}

export async function caseRows(dir: string): Promise<BenchRow[]> {
  const { bundles, elements } = await loadBundles(await loadWorkspace(packageRoot()));
  const bundle = bundles.get(BUNDLE);
  if (bundle === undefined) throw new Error(`there is no ${BUNDLE}`);
  const city = await startCity(join(dir, 'city'), ['--companies', '100']);
  try {
    const client = connect(await connectionOf(city.api, city.pki, CASE_CLIENT));
    const rounds: Measured[] = [];
    try {
      // the first cases open what later ones find open
      await oneCase(client, usualValues(bundle, elements), []);
      for (let n = 0; n < ROUNDS; n++) rounds.push(await measure(client, usualValues(bundle, elements)));
    } finally {
      client.close();
    }
    const rates = rounds.map(({ rate }) => rate);
    const p99s = rounds.map(({ acts }) => quantile(acts, 0.99));
    const common = { reference: null, ratio: null, runs: ROUNDS };
    const note = `${String(LANES)} at once for ${String(SECONDS)} s, from one process on the same cores`;
    return [
      {
        ...common,
        id: 'cases',
        what: 'cases opened, filled in, identified, signed and submitted over HTTP: five acts each, all on record',
        value: round(median(rates)),
        unit: 'cases/s',
        floor: `≥ ${String(LEAST)}`,
        aim: '≥ 300',
        holds: median(rates) >= LEAST,
        spread: [round(spread(rates)[0]), round(spread(rates)[1])],
        note,
      },
      {
        ...common,
        id: 'cases-p99',
        what: 'one act of these, p99, from the request to its answer',
        value: round(median(p99s)),
        unit: 'ms',
        floor: `< ${String(MOST_MS)}`,
        aim: '< 250',
        holds: median(p99s) < MOST_MS,
        spread: [round(spread(p99s)[0]), round(spread(p99s)[1])],
        note,
      },
    ];
  } finally {
    await city.stop();
  }
}

const OPEN = 100_000;
const PAGE = 50;
const PAGES = 200;
const PAGE_MS = 200;
const AUTHORITY = 'samr';
/** Written at a time: two changes a case would be more than a commit takes. */
const AT_ONCE = 500;

/** A page of the inbox as the service makes it, and as JSON. */
export async function inboxRow(dir: string): Promise<BenchRow[]> {
  const content = await caseContent(await loadWorkspace(packageRoot()));
  const state = openEmbeddedState({ dir: join(dir, 'state') });
  const keys = sealingKeysOf(join(dir, 'keys'));
  try {
    const registers = async () => ({
      readings: { said: {}, filled: new Map(), away: new Map(), conflicts: new Map(), asked: [] },
      releases: [],
    });
    const drivers = developmentDrivers(content.elements);
    const cases = openCases({ ...content, state, keys, now: Date.now, registers, drivers });
    const bundle = content.bundles.get(BUNDLE);
    if (bundle === undefined) throw new Error(`there is no ${BUNDLE}`);
    const record = () => Promise.resolve({ id: 'w1:1', json: '{}' });
    const how = { actor: { kind: 'applicant', subject: FOUNDER, client: CASE_CLIENT } as const, record };
    const { id } = await cases.open(BUNDLE, how);
    const values = usualValues(bundle, content.elements);
    await cases.act(id, { act: 'save', answers: ANSWERS, values }, how);
    for (const port of ['identity', 'signature'] as const)
      await cases.act(id, { act: 'step', step: 'fill', port }, how);
    await cases.act(id, { act: 'submit' }, how);
    const found = await state.document('case', id);
    if (found === undefined) throw new Error('the case is not there');
    // the same case again and again, each with a moment of its own by which it runs out
    const body = found.body;
    for (let made = 0; made < OPEN; made += AT_ONCE) {
      const changes = Array.from({ length: AT_ONCE }, (_, n): Change => {
        const number = String(made + n).padStart(16, '0');
        const links = found.links.map((link) =>
          link.startsWith('subject/') ? link : link.replace(/\d{15}$/, number.slice(1)),
        );
        return {
          do: 'put',
          kind: 'case',
          id: number,
          ...(found.owner === undefined ? {} : { owner: found.owner }),
          links,
          body,
        };
      });
      await state.commit(changes);
    }
    const times: number[] = [];
    let told = 0;
    const officer = { actor: { kind: 'authority', authority: AUTHORITY, client: 'food-inspector' } as const, record };
    for (let after: string | undefined, n = 0; n < PAGES; n++) {
      const begun = performance.now();
      const page = await cases.list('todo', { limit: PAGE, ...(after === undefined ? {} : { after }) }, officer);
      told += JSON.stringify(page).length > 0 ? page.cases.length : 0;
      times.push(performance.now() - begun);
      after = page.next;
    }
    const p95 = quantile(times, 0.95);
    return [
      {
        id: 'cases-inbox',
        what: `a page of ${String(PAGE)} cases of an inbox with ${String(OPEN)} open ones, by term, with acts and terms, p95`,
        value: round(p95),
        unit: 'ms',
        reference: null,
        ratio: null,
        floor: `< ${String(PAGE_MS)}`,
        aim: '< 50',
        holds: p95 < PAGE_MS && told === PAGES * PAGE,
        runs: PAGES,
        spread: [round(spread(times)[0]), round(spread(times)[1])],
        note:
          `median ${String(round(median(times)))} ms; the first ${String(PAGES)} pages one after another, in the ` +
          'process, from the state of the data folder',
      },
    ];
  } finally {
    await keys.close();
    await state.close();
  }
}
