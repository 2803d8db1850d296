import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { progressBar } from '../../gateway/cli/progress.js';
import { readSettings } from '../../gateway/ground/config/index.js';
import { before, cutoffs, type Keep, parseTerm, readKeep } from '../../gateway/ground/config/terms.js';
import { administrationBody, EVENT_TYPES } from '../../gateway/log/entries/events.js';
import { openSubjectKeys } from '../../gateway/log/entries/keys.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { type ErasureStep, readErasures } from '../../gateway/log/erasure/carry-out.js';
import { classOf } from '../../gateway/log/erasure/class.js';
import { expiryState, findPastTerms, orderExpiry } from '../../gateway/log/erasure/expire.js';
import { orderErasure } from '../../gateway/log/erasure/order.js';
import { openSearch } from '../../gateway/log/search/index.js';
import type { SequencerAlert } from '../../gateway/log/sequencer/sequencer.js';
import { openBodies, type StoredBody } from '../../gateway/log/store/bodies.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { committedSize } from '../../gateway/log/store/size.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { run } from '../e2e/command.js';
import { journalOf, ORIGIN, sequencerOf } from './filled.js';

t.setTimeout(180_000);
const NOW = Date.parse('2030-06-15T00:00:00Z');
const DAY = 86_400_000;
const KEEP: Keep = readKeep({});
const SUBJECTS = ['uscc:1', 'uscc:2'];
const check = (data: string) => verifyLog({ logDir: auditLayout(data).log, dataDir: data });

/** One entry of each type, so many days old, under each age; ids of their receipts, oldest first. */
async function fillAged(
  data: string,
  ages: readonly number[],
): Promise<{ readonly id: string; readonly type: string; readonly age: number }[]> {
  const journal = await journalOf(data);
  const made = [];
  for (const age of ages) {
    for (const [i, type] of EVENT_TYPES.filter((one) => one !== 'journal_gap').entries()) {
      const time = new Date(NOW - age * DAY).toISOString();
      const clear = JSON.stringify({
        type,
        time,
        client: `client-${age}-days`,
        datasets: [{ dataset: 'samr.company' }],
      });
      const { id } = await journal.append({
        clear,
        subject: { subject: SUBJECTS[i % 2] ?? '', json: '{"caseId":"c-1"}' },
      });
      made.push({ id, type, age });
    }
  }
  await journal.close();
  return made;
}

async function sequence(
  data: string,
  onErasureStep?: (step: ErasureStep) => void,
  onAlert: (alert: SequencerAlert) => void = () => undefined,
): Promise<void> {
  const sequencer = sequencerOf(data, { onAlert, ...(onErasureStep === undefined ? {} : { onErasureStep }) });
  await sequencer.runOnce();
  await sequencer.stop();
}

async function order(data: string, limit?: number, now = NOW): Promise<string> {
  const layout = auditLayout(data);
  const bodies = openBodies(layout.bodies, layout.index);
  const at = cutoffs(KEEP, now, limit);
  const found = await findPastTerms(bodies, committedSize(layout), at);
  bodies.close();
  const journal = await journalOf(data, 'w9');
  try {
    return (await orderExpiry({ journal, now }, { by: 'operator', keep: KEEP, cutoffs: at, found })).id;
  } finally {
    await journal.close();
  }
}

function stored(data: string): StoredBody[] {
  const layout = auditLayout(data);
  const bodies = openBodies(layout.bodies, layout.index);
  const all = Array.from({ length: committedSize(layout) }, (_, index) => bodies.read(index)).filter(
    (one) => one !== undefined,
  );
  bodies.close();
  return all;
}

/** Files of the data folder that hold any of `what`. */
const holding = (data: string, what: readonly Buffer[]): string[] =>
  readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const bytes = readFileSync(file);
      return what.some((one) => bytes.includes(one));
    });

t.test("a term below the law's refuses start and names the rule; the defaults are the law's own", (t) => {
  t.same(readKeep({}), { releases: 'P3Y', use: 'P3Y', rest: 'P6M' });
  const start = (keep: object) => readSettings({ audit: { keep } }, { file: 'yitong.json' }, {});
  const refused = (keep: object, message: RegExp, code = 'retention_too_short') =>
    t.throws(() => start(keep), { code, message });
  refused({ releases: 'P2Y' }, /audit\.keep\.releases.*网络数据安全管理条例 Art\.12.*P3Y/);
  refused({ use: 'P35M' }, /网络数据安全管理条例 Art\.12/);
  refused({ rest: 'P5M' }, /网络安全法.*P6M/);
  refused({ rest: 'P183D' }, /网络安全法/);
  refused({ releases: 'P1095D' }, /Art\.12/);
  refused({ rest: 'soon' }, /P1Y6M/, 'bad_config');
  refused({ rest: 'P1Y1D' }, /P1Y6M/, 'bad_config');
  refused({ secrets: 'P9Y' }, /secrets|unknown/, 'bad_config');
  t.doesNotThrow(() => start({ releases: 'P36M', use: 'P1096D', rest: 'P184D' }));
  t.throws(() => readSettings({}, { file: 'yitong.json' }, { YITONG_AUDIT_KEEP: '{"rest":"P1M"}' }), {
    code: 'retention_too_short',
  });
  t.end();
});

t.test("whatever the day, a term in force is never shorter than the law's months counted forward", (t) => {
  const lawful = ['P3Y', 'P36M', 'P1096D', 'P6M', 'P184D', 'P4Y', 'P10Y6M'];
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
      fc.constantFrom(...lawful),
      (now, text) => {
        const term = parseTerm(text);
        if (term === undefined) return false;
        const cut = before(now.getTime(), term);
        const months = term.days === 1096 ? 36 : term.days === 184 ? 6 : term.months;
        // an entry of just before the cut, and its anniversary: the month's last day where it has no such day
        const entry = new Date(cut - 1);
        const due = new Date(entry);
        due.setUTCDate(1);
        due.setUTCMonth(due.getUTCMonth() + months);
        due.setUTCDate(
          Math.min(entry.getUTCDate(), new Date(Date.UTC(due.getUTCFullYear(), due.getUTCMonth() + 1, 0)).getUTCDate()),
        );
        return due.getTime() <= now.getTime();
      },
    ),
    { numRuns: 2000 },
  );
  t.end();
});

async function allGone(t: Test, data: string, secrets: readonly Buffer[]): Promise<void> {
  t.same(holding(data, secrets), [], 'no file holds a salt or a word of what expired');
  const search = openSearch(data);
  t.equal((await search.page({ client: 'client-1200-days' }, { limit: 10 })).entries.length, 0);
  await search.close();
}

t.test(
  'bodies past their term go whole, each class by its own term, and the log verifies and says by which entry',
  async (t) => {
    const data = t.testdir();
    const made = await fillAged(data, [1200, 200, 10]);
    await sequence(data);
    const all = stored(data);
    const secrets = all.flatMap((one) =>
      one.kind === 'present' && one.body.includes('client-1200-days') ? [one.salt] : [],
    );
    t.equal(secrets.length, made.length / 3);
    t.ok(holding(data, secrets).length >= 2, 'bodies and journal have them');
    const search = openSearch(data);
    t.equal((await search.page({ client: 'client-1200-days' }, { limit: 100 })).entries.length, secrets.length);
    await search.close();

    const id = await order(data);
    t.equal((await check(data)).expired, 0, 'an order alone destroys nothing');
    await sequence(data);
    const report = await check(data);
    const gone = made.filter(({ type, age }) => age === 1200 || (age === 200 && classOf({ type }) === 'rest'));
    t.match(report, {
      ok: true,
      size: made.length + 1,
      expired: gone.length,
      erased: 0,
      bodies: made.length + 1 - gone.length,
      journalEntries: made.length + 1,
    });
    await allGone(t, data, [...secrets, Buffer.from('client-1200-days')]);
    for (const one of made) {
      const found = lookupReceipt(data, one.id);
      t.match(
        found,
        gone.includes(one)
          ? { kind: 'logged', expiredBy: made.length, salt: undefined, body: /^\{ *\}$/ }
          : { kind: 'logged', salt: Buffer },
        `${one.type} of ${one.age} days`,
      );
    }
    t.match(lookupReceipt(data, id), {
      body: /"action":"expiry","by":"operator","detail":\{"from":0,"to":\d+,"entries":\d+,.*"rules":\["网络数据安全管理条例 Art.12","网络安全法"\]/,
    });

    // a later order takes what has come of age since, and leaves the acts themselves
    await fillAged(data, [1]);
    await sequence(data);
    await order(data, undefined, NOW + 2000 * DAY);
    await sequence(data);
    const later = await check(data);
    t.ok(later.ok, later.fault ?? '');
    t.equal(later.bodies, 2, 'the two orders');
    await t.rejects(order(data, undefined, NOW + 2000 * DAY), { code: 'bad_request' }, 'nothing is left');
  },
);

t.test('--before only takes less, never more', async (t) => {
  const data = t.testdir();
  await fillAged(data, [1300, 1200, 10]);
  await sequence(data);
  await order(data, NOW - 1250 * DAY);
  await sequence(data);
  const types = EVENT_TYPES.length - 1;
  t.match(await check(data), { ok: true, expired: types });
  t.same(cutoffs(KEEP, NOW, NOW), cutoffs(KEEP, NOW));
});

t.test(
  'an order that reaches into a term of the law is not carried out, whoever wrote it, and does not count as a reason',
  async (t) => {
    const data = t.testdir();
    await fillAged(data, [100, 10]);
    await sequence(data);
    const soon = new Date(NOW - 50 * DAY).toISOString();
    const journal = await journalOf(data, 'w9');
    await journal.append({
      clear: administrationBody({
        time: new Date(NOW).toISOString(),
        action: 'expiry',
        by: 'x',
        detail: { from: 0, to: 9, entries: 9, before: { releases: soon, use: soon, rest: soon } },
      }),
    });
    await journal.close();
    const alerts: SequencerAlert[] = [];
    await sequence(data, undefined, (alert) => alerts.push(alert));
    t.match(alerts, [{ kind: 'failed', reason: /an expiry is not carried out: .*Art\.12/ }]);
    t.match(await check(data), { ok: true, expired: 0 });
    const layout = auditLayout(data);
    const bodies = openBodies(layout.bodies, layout.index);
    bodies.expire([0], committedSize(layout) - 1);
    bodies.close();
    t.match(await check(data), { ok: false, fault: /Art\.12/ });
  },
);

t.test('a body that is marked as expired by an entry that does not say so is a fault', async (t) => {
  const data = t.testdir();
  await fillAged(data, [1200, 10]);
  await sequence(data);
  await order(data);
  await sequence(data);
  const layout = auditLayout(data);
  const bodies = openBodies(layout.bodies, layout.index);
  bodies.expire([committedSize(layout) - 2], committedSize(layout) - 1);
  bodies.close();
  t.match(await check(data), { ok: false, fault: /says nothing of the kind/ });
});

t.test(
  'an expiry that dies at any step is completed at the next start, and no salt is gone without its entry',
  async (t) => {
    const base = t.testdir({ before: {} });
    const start = join(base, 'before');
    await fillAged(start, [1200, 1100, 10]);
    await sequence(start);
    const secrets = stored(start).flatMap((one) =>
      one.kind === 'present' && one.body.includes('client-1200-days') ? [one.salt] : [],
    );
    const id = await order(start);
    for (const died of [
      'expiry_noted',
      'expired_bodies',
      'expired_journals',
      'expired_index',
      'slice',
    ] as const satisfies readonly ErasureStep[]) {
      const data = join(base, died);
      cpSync(start, data, { recursive: true });
      const alerts: SequencerAlert[] = [];
      await sequence(
        data,
        (step) => {
          if (step === died) throw new Error('killed');
        },
        (alert) => alerts.push(alert),
      );
      t.match(alerts, [{ kind: 'failed', reason: /killed/ }]);
      const half = await check(data);
      t.ok(half.ok, `verifies as it was left at \`${died}\`: ${half.fault ?? ''}`);
      await sequence(data);
      t.match(await check(data), { ok: true, expired: 2 * (EVENT_TYPES.length - 1) }, `after \`${died}\``);
      await allGone(t, data, secrets);
      const layout = auditLayout(data);
      const bodies = openBodies(layout.bodies, layout.index);
      t.match(expiryState(readErasures(data), bodies, committedSize(layout), id), { kind: 'done' });
      bodies.close();
    }
  },
);

t.test('a subject is erased and its entries expire, in either order', async (t) => {
  const types = EVENT_TYPES.length - 1;
  const erase = async (data: string) => {
    const keys = openSubjectKeys({ dir: auditLayout(data).subjectKeys });
    const journal = await journalOf(data, 'w8');
    await orderErasure(
      { keys, journal, now: () => NOW },
      { subject: SUBJECTS[0] ?? '', reason: 'a court said so', legalBasis: 'PIPL Art.47', by: 'data-officer' },
    );
    await journal.close();
    await keys.close();
    await sequence(data);
  };
  const expire = async (data: string) => {
    await order(data);
    await sequence(data);
  };
  for (const [first, second] of [
    [erase, expire],
    [expire, erase],
  ] as const) {
    const data = t.testdir();
    await fillAged(data, [1200, 10]);
    await sequence(data);
    await first(data);
    await second(data);
    const report = await check(data);
    t.match(
      report,
      { ok: true, expired: types, erased: Math.ceil(types / 2) },
      `${first === erase ? 'erased' : 'expired'} first: ${report.fault ?? ''}`,
    );
    const search = openSearch(data);
    t.equal((await search.page({ subject: SUBJECTS[0] ?? '' }, { limit: 10 })).entries.length, 0);
    await search.close();
  }
});

t.test('a journal is opened again and goes on although its last group has expired', async (t) => {
  const data = t.testdir();
  await fillAged(data, [1200]);
  await sequence(data);
  await order(data);
  await sequence(data);
  await fillAged(data, [1]); // the worker recovers from its last segment
  await sequence(data);
  const report = await check(data);
  t.ok(report.ok, report.fault ?? '');
  t.equal(report.expired, EVENT_TYPES.length - 1);
});

t.test(
  'yitong audit expire says what goes and that nothing brings it back, and does it only when told so',
  async (t) => {
    const dir = t.testdir();
    const workspace = join(dir, 'city');
    const data = join(dir, 'data');
    await run('init', workspace);
    const file = join(workspace, 'yitong.json');
    const settings = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...settings, audit: { origin: ORIGIN } }));
    // in the past as seen from today
    const ages = [1300, 10];
    const journal = await journalOf(data);
    for (const age of ages)
      for (let n = 0; n < 500; n++)
        void journal.append({
          clear: JSON.stringify({
            type: 'released',
            time: new Date(Date.now() - age * DAY).toISOString(),
            client: `client-${age}-days`,
          }),
          subject: { subject: SUBJECTS[n % 2] ?? '', json: '{}' },
        });
    await journal.close();
    await sequence(data);
    const expire = (...args: string[]) => run('audit', 'expire', '--workspace', workspace, '--data', data, ...args);

    const dry = await expire('--dry-run', '--json');
    t.match(JSON.parse(dry.stdout), {
      expired: 0,
      dryRun: true,
      entries: 500,
      from: 0,
      to: 500,
      classes: { releases: 500, use: 0, rest: 0 },
    });
    const unsaid = await expire();
    t.equal(unsaid.code, 2);
    t.match(unsaid.stderr, /cannot be undone.*--yes.*\[bad_request\]/);
    t.equal((await check(data)).size, 1000, 'nothing was ordered');
    writeFileSync(file, JSON.stringify({ ...settings, audit: { origin: ORIGIN, keep: { releases: 'P1Y' } } }));
    const short = await expire('--yes');
    t.equal(short.code, 2);
    t.match(short.stderr, /Art\.12.*\[retention_too_short\]/);
    writeFileSync(file, JSON.stringify({ ...settings, audit: { origin: ORIGIN } }));

    writeFileSync(
      file,
      JSON.stringify({
        ...settings,
        audit: {
          origin: ORIGIN,
          sequencer: false,
          replicas: { other: { url: 'https://127.0.0.1:1', spiffe: 'spiffe://yunzhou.example/replica/other' } },
        },
      }),
    );
    const elsewhere = await expire('--yes');
    t.equal(elsewhere.code, 2);
    t.match(elsewhere.stderr, /log_elsewhere/);
    writeFileSync(file, JSON.stringify({ ...settings, audit: { origin: ORIGIN } }));

    const done = await expire('--yes', '--json', '--by', 'records-office');
    t.equal(done.code, 0, done.stderr);
    t.match(done.stderr, /cannot be undone/);
    t.match(JSON.parse(done.stdout), { expired: 500, by: 1000 });
    const report = await check(data);
    t.match(report, { ok: true, size: 1001, expired: 500, bodies: 501 }, report.fault ?? '');
    t.match(
      (await run('audit', 'search', '--data', data, '--limit', '2', '--after', '500')).stdout,
      /^body expired by entry 1000 {2}w1-[0-9a-f]+:500 {2}entry 499$/m,
    );
    const again = await expire('--yes', '--json');
    t.equal(again.code, 0);
    t.match(JSON.parse(again.stdout), { expired: 0, entries: 0 });
  },
);

t.test('people who wait see how far it is, and nobody else does', (t) => {
  const shown: string[] = [];
  const bar = progressBar('destroying', { shown: true, write: (text) => shown.push(text) });
  bar.to(0, 200);
  bar.to(1, 200);
  bar.to(100, 200);
  bar.end();
  t.match(shown, [/destroying ·{30} {3}0 %/, /█{15}·{15} {2}50 %/, '\r\u001b[K']);
  const hidden = progressBar('destroying', { shown: false, write: () => t.fail('written') });
  hidden.to(1, 2);
  hidden.end();
  t.end();
});
