/**
 * The judge of the faults harness finds what was lost, doubled, disordered or never put on record; else its "holds"
 * would say nothing.
 */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { openStore } from '../../../gateway/answer/view/lmdb/store.js';
import {
  compareAcknowledged,
  compareAnswers,
  compareShown,
  compareVersions,
  type Held,
  judge,
  type Outcome,
  readReleased,
  type Versions,
  versionsOf,
} from './judge.js';
import { Ledger } from './ledger.js';
import { changed, type Entry, History, keyOf } from './model.js';
import { randomOf } from './random.js';
import { startWorld } from './world.js';

t.setTimeout(120_000);

const DATASET = 'faults.pushed';
const entry = (amount: number): Entry => ({
  uscc: '91990101MAEXA0001X',
  number: '1',
  state: 'open',
  amount,
  note: null,
});
const key = keyOf(entry(0));
const held = (value: Entry | null, offset: number, more: Partial<Held> = {}): Held => ({
  value,
  position: `p${offset}`,
  sourceTime: '2026-01-01T00:00:00.000Z',
  at: `0:${offset}`,
  offset,
  ...more,
});
const view = (...versions: readonly Held[]): Versions => new Map([[DATASET, new Map([[key, versions]])]]);
const NONE: ReadonlySet<string> = new Set();
const LATEST: ReadonlySet<string> = new Set([DATASET]);

function model(): History {
  const history = new History();
  for (const [i, value] of [entry(1), entry(2), null, entry(1)].entries())
    history.add(DATASET, key, { value, position: `p${i}`, sourceTime: '2026-01-01T00:00:00.000Z' });
  return history;
}
const good = [held(entry(1), 0), held(entry(2), 1), held(null, 2), held(entry(1), 3)];

void t.test('versions', async (t) => {
  t.strictSame(compareVersions(model(), view(...good), NONE), []);
  const [a, b, c, d] = good;
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('four');
  const cases: readonly (readonly [what: string, versions: readonly Held[], finding: RegExp])[] = [
    ['one is lost', [a, c, d], /lost 1/],
    ['the last is lost', [a, b, c], /lost 1/],
    ['a withdrawal is lost', [a, b, d], /lost 1/],
    ['all are lost', [], /lost 4/],
    ['one came twice', [a, b, b, c, d], /doubled 1/],
    ['the last came twice', [a, b, c, d, d], /doubled 1/],
    ['two changed places', [b, a, c, d], /out of order/],
    ['one has another value', [a, held(entry(3), 1), c, d], /lost 1/],
    ['one has the value of another position', [a, held(entry(2), 1, { position: 'p9' }), c, d], /lost 1/],
    ['one has another time', [a, held(entry(2), 1, { sourceTime: '2026-01-02T00:00:00.000Z' }), c, d], /lost 1/],
  ];
  for (const [what, versions, finding] of cases) {
    const findings = compareVersions(model(), view(...versions), NONE);
    t.equal(findings.length, 1, what);
    t.match(findings[0], finding, what);
  }
  t.match(compareVersions(new History(), view(a), NONE), [/doubled 1/], 'a record that nobody published');
  t.strictSame(compareVersions(model(), view(d), LATEST), [], 'only the latest is kept');
  t.match(compareVersions(model(), view(b), LATEST), [/lost 1/]);
  t.match(compareVersions(model(), view(c, d), LATEST), [/doubled 1/]);
  const gone = new History();
  for (const value of [entry(1), null]) gone.add(DATASET, key, { value });
  t.strictSame(compareVersions(gone, new Map(), LATEST), []);
  t.match(compareVersions(gone, view(a), LATEST), [/doubled 1/], 'a withdrawn record that is still there');
});

void t.test('what clients were told', async (t) => {
  const ledger = new Ledger();
  ledger.acknowledged.push({ dataset: DATASET, key, position: 'p1' });
  t.strictSame(compareAcknowledged(ledger, view(...good), NONE), []);
  t.match(compareAcknowledged(ledger, view(held(entry(1), 0)), NONE), [
    /`p1`.* was acknowledged and is not in the view/,
  ]);

  const answer = (version: string, amount: number, seq: number): string =>
    `{"requestId":"r${seq}","datasets":[{"id":"${DATASET}","status":"current","records":[{"record":${JSON.stringify(entry(amount))},"provenance":{"version":"${version}","publishedAt":"","sourceTime":"","contractVersion":1}}],"withheld":[]}],"receipt":{"journal":"w1","seq":${seq},"mergeBy":""}}`;
  t.strictSame(ledger.answer('one', answer('0:1', 2, 1)).get(`${DATASET} ${key}`), entry(2));
  t.strictSame(compareShown(ledger, view(...good), NONE), []);
  t.match(compareShown(ledger, view(held(entry(1), 0)), NONE), [/showed version 0:1/]);
  t.strictSame(ledger.wrong, []);
  ledger.answer('two', answer('0:0', 1, 2));
  t.strictSame(ledger.wrong, [], 'another client may be a little behind');
  ledger.answer('one', answer('0:0', 1, 3));
  t.match(ledger.wrong, [/shown at offset 0 after it had been shown at 1/]);
  ledger.answer('one', answer('0:1', 3, 4));
  t.match(ledger.wrong[1], /shown with two values/);

  const { answers } = ledger;
  const logged = answers.map(({ requestId, receipt, digest }) => ({ requestId, receipt, digest }));
  const [first, ...rest] = logged;
  if (first === undefined) throw new Error('answers');
  t.strictSame(
    compareAnswers(ledger, [...logged, { requestId: 'never-arrived', receipt: 'w1:9', digest: 'x' }]),
    [],
    'an entry whose answer never arrived is no fault',
  );
  t.match(compareAnswers(ledger, rest), [/w1:1 .* has no entry/]);
  t.match(compareAnswers(ledger, [...logged, { ...first, receipt: 'w1:9' }]), [/has 2 entries/]);
  t.match(compareAnswers(ledger, [{ ...first, digest: 'x' }, ...rest]), [/another digest/]);
  t.match(compareAnswers(ledger, [{ ...first, receipt: 'w1:9' }, ...rest]), [/has its entry at w1:9/]);
});

void t.test('a run without faults holds; what is then taken from it is found', async (t) => {
  const world = await startWorld({ seed: 1 });
  t.teardown(() => world.remove());
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const outcome = await world.finish();
  const verdict = await judge(outcome);
  t.strictSame(verdict.findings, []);
  t.ok(
    verdict.versions > 100 && verdict.answers > 10 && verdict.acknowledged > 10,
    `it was under load: ${JSON.stringify(verdict)}`,
  );

  const planted = async (
    what: string,
    change: (data: string) => Promise<void> | void,
    finding: RegExp,
    more: Partial<Outcome> = {},
  ): Promise<void> => {
    const data = join(t.testdirName, what.replaceAll(' ', '-'));
    cpSync(outcome.data, data, { recursive: true });
    await change(data);
    const { findings } = await judge({ ...outcome, data, connectorData: data, ...more });
    t.ok(
      findings.some((one) => finding.test(one)),
      `${what}: ${findings[0] ?? 'nothing was found'}`,
    );
  };
  t.testdir();
  const store = async (data: string, work: (store: ReturnType<typeof openStore>) => void): Promise<void> => {
    const open = openStore(join(data, 'view'), false);
    open.write(() => work(open));
    await open.close();
  };
  await planted(
    'a version of the past is lost',
    (data) =>
      store(data, ({ history }) => {
        for (const { key } of history.getRange({ limit: 1 })) void history.remove(key);
      }),
    /lost 1/,
  );
  await planted(
    'a subject is lost',
    (data) =>
      store(data, ({ heads }) => {
        for (const { key } of heads.getRange({ limit: 1 })) void heads.remove(key);
      }),
    /lost \d/,
  );
  await planted(
    'a version came twice',
    (data) =>
      store(data, ({ history }) => {
        for (const { key, value } of history.getRange({ limit: 1 })) {
          const later = Buffer.from(key);
          later.writeUIntBE(2 ** 40, later.length - 6, 6);
          const bytes = Buffer.from(value);
          bytes.writeDoubleLE(2 ** 40, 16);
          void history.put(later, bytes);
        }
      }),
    /doubled 1/,
  );
  const answer = outcome.ledger.answers[5];
  if (answer === undefined) throw new Error('no answers');
  const ledger = new Ledger();
  ledger.answers.push({ ...answer, requestId: 'not-on-record' });
  await planted('an answer without its entry', () => undefined, /has no entry/, { ledger });
  await planted(
    'an entry is changed in the body store',
    async (data) => {
      const { readFileSync, writeFileSync } = await import('node:fs');
      const file = join(data, 'audit', 'bodies', '00000000.dat');
      const bytes = readFileSync(file);
      bytes[200] = (bytes[200] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    },
    /does not verify/,
  );
  const random = randomOf(1, 'planted');
  const more = new History();
  for (const [dataset, records] of outcome.history.datasets)
    for (const [key, versions] of records) for (const version of versions) more.add(dataset, key, version);
  more.add(DATASET, key, { value: changed(random, entry(0), undefined) });
  await planted('a push that is nowhere', () => undefined, /lost 1/, { history: more });
  await planted('a row that is not in quarantine', () => undefined, /quarantine/, {
    broken: { 'faults.files': ['000001.csv#1'] },
  });
  t.ok(existsSync(join(outcome.data, 'view')));
  t.ok((await versionsOf(join(outcome.data, 'view'), await loadWorkspace(outcome.workspace))).size > 3);
  t.ok(readReleased(outcome.data, verdict.entries).length >= verdict.answers);
});
