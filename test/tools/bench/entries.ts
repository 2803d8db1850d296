/**
 * Entries of a running city's log as its gateway would have written them: answers to the clients, about the companies
 * and under the grants that it has, over the last three months. They are appended to a journal beside those of its
 * workers; its own sequencer takes them in, and all that reads the log follows.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSettings, signerNames } from '../../../gateway/ground/config/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { releasedTemplate } from '../../../gateway/log/entries/events.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { openJournal } from '../../../gateway/log/journal/journal.js';
import { BLOCK } from '../../../gateway/log/search/block.js';
import { openSearch } from '../../../gateway/log/search/index.js';
import { openAuditSigners } from '../../../gateway/log/store/signer.js';
import { loadPolicies } from '../../../policies/load.js';
import type { Grant, PolicySet } from '../../../policies/types.js';

const IN_FLIGHT = 2000;
const DAYS = 90;
const DAY = 86_400_000;
/** Until the sequencer has them, and no alert says that a promise was broken. */
const MERGE_DELAY = 3_600_000;
const ACTORS = 500;
/** One entry in so many is about each of those who sign in. */
const OWN_EVERY = 1000;
const MOST_DATASETS = 4;
const TOLD_EVERY = 15_000;
const GIVE_UP = 1_800_000;

const told = (text: string): void => void process.stderr.write(`  ${text}\n`);

interface Plan {
  readonly write: ReturnType<typeof releasedTemplate>;
  readonly records: readonly number[];
}

/** A question each of every client and purpose: up to so many of its datasets, one of a hundred denied. */
function plansOf({ grants, clients }: PolicySet): readonly Plan[] {
  const together = new Map<string, Grant[]>();
  for (const grant of grants.values())
    for (const purpose of grant.purposes) {
      const key = `${grant.client} ${purpose}`;
      together.set(key, [...(together.get(key) ?? []), grant]);
    }
  return [...together].flatMap(([key, all]) => {
    const [client = '', purpose = ''] = key.split(' ');
    return all.map((_, first) => {
      const asked = [...all.slice(first), ...all.slice(0, first)].slice(0, 1 + (first % MOST_DATASETS));
      const denied = (at: number): boolean => (first * 31 + at) % 100 === 99;
      return {
        records: asked.map((_one, at) => (denied(at) ? 0 : 1)),
        write: releasedTemplate({
          client,
          authority: clients.get(client as never)?.authority ?? '',
          purpose,
          policyVersion: 'bench',
          stated: ['item', 'caseId', 'actor'],
          datasets: asked.map(({ id, dataset, fields }, at) => ({
            dataset,
            ...(denied(at)
              ? { effect: 'deny', reason: 'not_granted', fields: [], forms: {} }
              : { effect: 'allow', grant: id, fields: fields.map(({ path }) => path), forms: {} }),
          })),
        }),
      };
    });
  });
}

interface Wanted {
  readonly count: number;
  /** Of the city. */
  readonly subjects: readonly string[];
  /** Of those who sign in. */
  readonly own: readonly string[];
}

/** Returns once they are in the log, indexed, and seen by what watches it. */
export async function addEntries(data: string, { count, subjects, own }: Wanted): Promise<void> {
  const workspace = await loadWorkspace(packageRoot());
  const settings = readSettings(workspace.settings, { file: join(packageRoot(), 'yitong.json') }, process.env, {});
  const plans = plansOf(await loadPolicies(workspace));
  const layout = auditLayout(data);
  const search = openSearch(data);
  const journal = await openJournal({
    dir: layout.journals,
    name: 'bench',
    keys: { dir: layout.subjectKeys },
    signer: openAuditSigners(data, signerNames(settings.audit.origin)).replica,
    now: Date.now,
    mergeDelay: MERGE_DELAY,
  });
  const size = search.size() + count;
  const end = Date.now();
  const append = (n: number): Promise<unknown> => {
    const plan = plans[(n * 13) % plans.length];
    const subject =
      n % OWN_EVERY < own.length ? (own[n % OWN_EVERY] ?? '') : (subjects[(n * 7919) % subjects.length] ?? '');
    return journal.append({
      clear:
        plan?.write({
          time: new Date(end - Math.floor((1 - n / count) * DAYS * DAY)).toISOString(),
          requestId: `bench-${n.toString(36)}`,
          records: plan.records,
          bodySha256: 'x'.repeat(43),
          bytes: 1200,
        }) ?? '{}',
      subject: { subject, json: JSON.stringify({ caseId: `case-${n % 200_000}`, actor: `officer-${n % ACTORS}` }) },
      unreceipted: true,
    });
  };
  const began = performance.now();
  let last = began;
  const now = (what: string): void => {
    if (performance.now() - last < TOLD_EVERY) return;
    last = performance.now();
    told(`${what}, ${String(Math.round((last - began) / 1000))} s`);
  };
  try {
    for (let n = 0; n < count; n += IN_FLIGHT) {
      await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count - n) }, (_, at) => append(n + at)));
      now(`${(n + IN_FLIGHT).toLocaleString('en')} of ${count.toLocaleString('en')} entries made`);
    }
  } finally {
    await journal.close();
  }
  const blocks = (): number =>
    existsSync(layout.search) ? readdirSync(layout.search).filter((name) => name.endsWith('.blk')).length : 0;
  try {
    while (search.size() < size || blocks() < Math.floor(size / BLOCK)) {
      if (performance.now() - began > GIVE_UP)
        throw new Error('the city did not take the entries in within half an hour');
      now(`${search.size().toLocaleString('en')} in the log, ${String(blocks())} blocks indexed`);
      await wait(200);
    }
  } finally {
    await search.close();
  }
}
