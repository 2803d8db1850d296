/**
 * What is told of rows that are held back is what a plain count finds, at all times: while rows come, are mended, tried
 * again, released, and while whoever looks goes away and comes back.
 */
import { copyFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { heldId, keepHeld, releaseHeld } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { causeOf } from '../../connectors/quarantine-causes.js';
import { KeptQuarantines, type QuarantineReader } from '../../connectors/quarantine-kept.js';
import { retryQuarantine } from '../../connectors/retry.js';
import { digit9, feed } from './fixtures.js';
import { openOffice } from './office.js';

t.setTimeout(240_000);

const now = () => new Date('2024-06-01T00:00:00Z');
const random = (n: number): number => Math.floor(Math.random() * n);
const one = <T>(of: readonly T[]): T => of[random(of.length)] as T;
const WORDS = ['old', 'new', 'odd', 'gone'] as const;

/** Causes with their rows, counted by hand. */
function counted(rows: readonly { readonly problems: Parameters<typeof causeOf>[0]['problems'] }[]) {
  const found: Record<string, number> = {};
  for (const row of rows) {
    const { code, field } = causeOf(row);
    found[`${code} ${field}`] = (found[`${code} ${field}`] ?? 0) + 1;
  }
  return found;
}

/** What a page tells: of one moment. */
async function told(quarantine: QuarantineReader) {
  const [rows, causes] = await Promise.all([quarantine.page('', 10_000), quarantine.causes()]);
  const count = quarantine.count();
  const each: Record<string, number> = {};
  for (const cause of causes) {
    let after: string | undefined = '';
    for (let n = 0; after !== undefined; ) {
      const page: Awaited<ReturnType<QuarantineReader['rowsOf']>> = await quarantine.rowsOf(cause, {
        after,
        limit: 1 + random(20),
      });
      n += page.rows.length;
      after = page.next;
      each[`${cause.code} ${cause.field}`] = n;
    }
  }
  return {
    rows: counted(rows),
    causes: Object.fromEntries(causes.map((cause) => [`${cause.code} ${cause.field}`, cause.rows])),
    each,
    count,
  };
}

t.test('what is told is what is there, whatever happens to it', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  const { dataDir, contract, workspace, bus, state } = office;
  const file = join(dir, 'in.csv');
  /** A model: of each row that is held back, why, and what its status says. */
  let model: { readonly cause: string; readonly status: string }[] = [];
  let codes: Record<string, string> = { old: 'o' };
  const feedNow = () =>
    feed(
      { kind: 'csv', path: 'in.csv' },
      { snapshot: true, maxWithdrawShare: 1 },
      { status: { from: 'status', steps: [{ codes }] } },
    );
  let kept = new KeptQuarantines(dataDir, now);
  t.equal(await kept.look(contract.id, told), undefined, 'nothing was ever held back');

  async function run(step: number): Promise<void> {
    const lines = Array.from({ length: 5 + random(60) }, (_, i) => {
      const status = one(WORDS);
      const kind = random(8);
      if (kind === 0) return { line: 'short', cause: 'bad_row ', status };
      const key = digit9.make(i + 1);
      const wrong = kind === 1;
      const code = wrong ? `${key.slice(0, 8)}${String((Number(key.slice(8)) + 1) % 10)}` : key;
      return {
        line: `${code},n${String(step)}-${String(i)},${status}`,
        cause: wrong ? 'bad_check_digit code' : codes[status] === undefined ? 'not_in_codelist status' : '',
        status,
      };
    });
    writeFileSync(file, `code,name,status\n${lines.map(({ line }) => line).join('\n')}\n`);
    const at = new Date(Date.UTC(2024, 0, 1, 0, 0, step));
    utimesSync(file, at, at);
    await office.run({ ...feedNow() });
    model = lines.filter(({ cause }) => cause !== '');
  }

  async function tried(): Promise<void> {
    if (!Quarantine.exists(dataDir, contract.id)) return;
    const quarantine = Quarantine.open(dataDir, contract.id, now);
    const all = await quarantine.list();
    const some = Math.random() < 0.5 ? undefined : all.filter(() => Math.random() < 0.4).map(({ id }) => id);
    const options = { workspace, bus, state, quarantine, now, skipAbsent: true } as const;
    if (some === undefined || some.length > 0)
      await retryQuarantine({ ...options, feed: feedNow(), ...(some === undefined ? {} : { ids: some }) });
    if (some === undefined)
      model = model.filter(({ cause, status }) => cause !== 'not_in_codelist status' || codes[status] === undefined);
    // which of the rows these were the model does not know: it is told by a plain count
    else model = (await quarantine.list()).map((row) => ({ cause: nameOf(row), status: statusOf(row) }));
    for (const held of state.held(contract.id).slice(0, 3))
      await (Math.random() < 0.5 ? releaseHeld : keepHeld)({
        ...options,
        contract,
        feed: feedNow(),
        by: 'role:test',
        ids: [heldId(held)],
      });
    await quarantine.close();
  }
  const nameOf = (row: Parameters<typeof causeOf>[0]): string => Object.keys(counted([row]))[0] ?? '';
  const statusOf = ({ cells }: { readonly cells?: Readonly<Record<string, unknown>> }): string =>
    String(cells?.['status'] ?? '');

  for (let step = 1; step <= 40; step++) {
    const what = random(4);
    if (what === 0) codes = Object.fromEntries(WORDS.filter(() => Math.random() < 0.6).map((word) => [word, 'x']));
    if (what <= 1) {
      await kept.close();
      kept = new KeptQuarantines(dataDir, now);
      const before = await kept.look(contract.id, told);
      // whoever looks meanwhile sees one moment or another, and never half of one
      let going = true;
      const running = run(step).finally(() => (going = false));
      const looks: Promise<void>[] = [];
      while (going && before !== undefined) {
        const moment = kept.look(contract.id, (quarantine) =>
          Promise.all([quarantine.page('', 10_000), quarantine.causes()]),
        );
        looks.push(
          moment.then((found) => {
            if (found === undefined) return;
            const [rows, causes] = found;
            const sum = causes.reduce((all, { rows: n }) => all + n, 0);
            if (sum !== rows.length) t.fail(`${String(sum)} are told of ${String(rows.length)} rows`);
          }),
        );
        await sleep(2);
      }
      await running;
      await Promise.all(looks);
    } else if (what === 2) await tried();
    else {
      await kept.close();
      // in one process no file is opened while it is written: whoever looks has it open by then
      kept = new KeptQuarantines(dataDir, now, one([0, 20, 60_000]));
      await sleep(30);
    }
    if (!Quarantine.exists(dataDir, contract.id)) continue;
    const plain = counted(await office.quarantine());
    const [found, again] = await Promise.all([kept.look(contract.id, told), kept.look(contract.id, told)]);
    const all = Object.values(plain).reduce((sum, n) => sum + n, 0);
    for (const seen of [found, again])
      t.strictSame(seen, { rows: plain, causes: plain, each: plain, count: all }, `step ${String(step)}`);
    const expected: Record<string, number> = {};
    for (const { cause } of model) expected[cause] = (expected[cause] ?? 0) + 1;
    t.strictSame(plain, expected, `step ${String(step)}: as the model has it`);
    if (Math.random() < 0.2) await sleep(60);
  }
  await kept.close();
  await office.close();
});

t.test('a file that is removed, put back or cut short is not answered from what was open', async (t) => {
  const dir = t.testdir();
  const office = await openOffice(dir);
  const { dataDir, contract } = office;
  const path = Quarantine.fileOf(dataDir, contract.id);
  const add = async (from: number, to: number): Promise<void> => {
    const quarantine = Quarantine.open(dataDir, contract.id, now);
    for (let n = from; n < to; n++)
      quarantine.add(
        {
          position: `in.csv#${String(n)}`,
          rowNumber: n,
          sourceTime: '2024-06-01T00:00:00Z',
          problems: [{ code: 'bad_value', field: 'a', reason: 'x' }],
          cells: { a: 'x'.repeat(2000) },
        },
        'run',
      );
    await quarantine.close();
  };
  const kept = new KeptQuarantines(dataDir, now, 60_000);
  const count = () => kept.look(contract.id, async (quarantine) => quarantine.count());
  await add(0, 40);
  t.equal(await count(), 40);
  copyFileSync(path, join(dir, 'before.mdb'));
  await add(40, 60);
  t.equal(await count(), 60, 'what somebody else wrote is seen');
  for (const ending of ['', '-lock', '.made']) rmSync(`${path}${ending}`, { force: true });
  t.equal(await count(), undefined, 'it is gone');
  copyFileSync(join(dir, 'before.mdb'), path);
  t.equal(await count(), 40, 'as it was put back');
  await add(100, 105);
  t.equal(await count(), 45);
  truncateSync(path, 20_000);
  await t.rejects(count(), { code: 'store_damaged' });
  await kept.close();
  await office.close();
});

t.test('a look that goes on is waited for, and whoever looks next opens it anew', async (t) => {
  const office = await openOffice(t.testdir());
  const { dataDir, contract } = office;
  await Quarantine.open(dataDir, contract.id, now).close();
  const kept = new KeptQuarantines(dataDir, now, 0);
  let go: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => (go = resolve));
  const long = kept.look(contract.id, async (quarantine) => {
    await waiting;
    return quarantine.page('', 1);
  });
  t.equal(await kept.look(contract.id, async (quarantine) => quarantine.count()), 0);
  let closed = false;
  const closing = kept.close().then(() => (closed = true));
  await sleep(20);
  t.notOk(closed, 'somebody looks');
  go();
  t.same(await long, []);
  await closing;
  await office.close();
});
