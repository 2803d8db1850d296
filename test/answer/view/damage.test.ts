/**
 * A view whose file was flipped: whatever it still answers is what it answered before, and the rest is refused. Nothing
 * is "none on record" that is there.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { damageOf } from '../../../connectors/lmdb/file.js';
import { ViewDamaged } from '../../../gateway/answer/view/lmdb/checked.js';
import { openLmdbViewReader, openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { ViewReader } from '../../../gateway/answer/view/port.js';
import {
  asOf,
  COMPANY,
  PENALTY,
  PERMIT,
  said,
  seen,
  sent,
  subject,
  topicOf,
  world,
} from '../../support/conformance/view-world.js';
import { randomOf } from '../../tools/faults/random.js';

const DATASETS = [COMPANY, PERMIT, PENALTY];
const SUBJECTS = 160;
const WIDE = 7;
const RECORDS = 220;

async function fill(dir: string): Promise<void> {
  const writer = await openLmdbViewWriter({ dir, workspace: world() });
  for (const dataset of DATASETS) {
    let offset = 0;
    const next = (n: number, record: string, text: string | null) =>
      sent({ dataset, offset: offset++, subject: subject(n), record, text, time: 1000 + offset });
    const batch = [];
    for (let n = 0; n < SUBJECTS; n += 2)
      for (const record of ['', 'b'])
        batch.push(next(n, record, `old ${String(n)}`), next(n, record, `new ${String(n)}`));
    // one subject outgrows its packed value
    for (let i = 0; i < RECORDS; i++)
      batch.push(next(WIDE, `r${String(i).padStart(4, '0')}`, `wide ${'x'.repeat(50)}`));
    await writer.apply(batch);
    await writer.caughtUp([0, 1].map((partition) => ({ topic: topicOf(dataset), partition, at: 9000 })));
  }
  await writer.apply([said(COMPANY, 0), said(PERMIT, 1)]);
  await writer.apply([said(PENALTY, 0)]);
  await writer.close();
}

/** All that can be asked, each an answer or a refusal. */
function picture(reader: ViewReader): Map<string, string> {
  const all = new Map<string, string>();
  const ask = (name: string, answer: () => string): void => {
    try {
      all.set(name, answer());
    } catch (error) {
      if (!(error instanceof ViewDamaged)) throw error;
      all.set(name, 'refused');
    }
  };
  for (const dataset of DATASETS) {
    ask(dataset, () => JSON.stringify(reader.datasetState(dataset)));
    for (let n = 0; n < SUBJECTS; n++) {
      ask(`${dataset} ${String(n)}`, () => seen(reader, { kind: 'now' }, dataset, subject(n)));
      if (n % 4 === 0) ask(`${dataset} ${String(n)} then`, () => seen(reader, asOf(1100), dataset, subject(n)));
    }
  }
  return all;
}

t.setTimeout(240_000);

t.test('of a flipped view each answer is the one that it gave before, or is refused', async (t) => {
  const parent = t.testdir();
  await fill(`${parent}/whole`);
  const file = 'view.mdb';
  const whole = readFileSync(`${parent}/whole/${file}`);
  const before = await (async () => {
    const reader = openLmdbViewReader({ dir: `${parent}/whole`, workspace: world() });
    const found = picture(reader);
    await reader.close();
    return found;
  })();
  t.equal(before.get(`${COMPANY} 2`), '=new 2 b=new 2');
  t.equal(before.get(`${COMPANY} 3`), '', 'nothing on record');
  const random = randomOf(11, 'view');
  let refused = 0;
  let seenByLook = 0;
  const wrong: string[] = [];
  for (let round = 0; round < 150; round++) {
    const dir = `${parent}/${String(round)}`;
    mkdirSync(dir);
    const bytes = Buffer.from(whole);
    for (let i = random.between(1, 12); i > 0; i--) {
      const at = random.between(0, bytes.length - 1);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
    }
    writeFileSync(`${dir}/${file}`, bytes);
    if (damageOf(`${dir}/${file}`) !== undefined) {
      seenByLook++;
      continue;
    }
    let reader: ViewReader;
    try {
      reader = openLmdbViewReader({ dir, workspace: world() });
    } catch {
      refused++;
      continue;
    }
    const now = picture(reader);
    await reader.close();
    for (const [name, answer] of now) {
      if (answer === 'refused') refused++;
      else if (answer !== before.get(name))
        wrong.push(
          `round ${String(round)}: ${name} is ${answer.slice(0, 60)}, and was ${String(before.get(name)).slice(0, 60)}`,
        );
    }
  }
  t.strictSame(wrong.slice(0, 5), []);
  t.ok(
    refused > 100,
    `answers refused: ${String(refused)}; files known as damaged before they are opened: ${String(seenByLook)}`,
  );
});

t.test('a cut file is known as one before it is opened, however much is gone', async (t) => {
  const parent = t.testdir();
  await fill(`${parent}/whole`);
  const { size } = statSync(`${parent}/whole/view.mdb`);
  for (const share of [0.05, 0.3, 0.6, 0.9]) {
    copyFileSync(`${parent}/whole/view.mdb`, `${parent}/cut.mdb`);
    truncateSync(`${parent}/cut.mdb`, Math.floor(size * share));
    t.ok(damageOf(`${parent}/cut.mdb`), `${String(share)} of it`);
  }
  t.equal(damageOf(`${parent}/whole/view.mdb`), undefined);
});

t.test(
  'while another view is built in the place of a damaged one nothing is answered from it: what it lacks is not ' +
    '"none on record"',
  async (t) => {
    const dir = `${t.testdir()}/view`;
    await fill(dir);
    const reader = openLmdbViewReader({ dir, workspace: world(), onDamaged: () => undefined });
    t.teardown(() => reader.close());
    t.equal(seen(reader, { kind: 'now' }, COMPANY, subject(2)), '=new 2 b=new 2');
    for (const file of ['view.mdb', 'view.mdb-lock']) rmSync(`${dir}/${file}`, { force: true });
    const writer = await openLmdbViewWriter({ dir, workspace: world(), rebuilding: true });
    t.teardown(() => writer.close());
    await writer.setIdentity('c', {});
    const answer = (): string => {
      try {
        return seen(reader, { kind: 'now' }, COMPANY, subject(2));
      } catch (error) {
        return String((error as { code?: unknown }).code);
      }
    };
    const until = async (wanted: string): Promise<void> => {
      for (const end = Date.now() + 20_000; answer() !== wanted && Date.now() < end; ) {
        t.not(answer(), '', 'never "none on record"');
        await wait(100);
      }
      t.equal(answer(), wanted);
    };
    await until('view_unavailable');
    await writer.apply([sent({ dataset: COMPANY, offset: 0, subject: subject(2), text: 'again' })]);
    await writer.reset('c', {});
    await writer.apply([sent({ dataset: COMPANY, offset: 0, subject: subject(2), text: 'again' })]);
    await wait(700);
    t.equal(answer(), 'view_unavailable', 'also after it was reset');
    await writer.rebuilt();
    await until('=again');
  },
);
