/** The stores of reports beside a model of a few lines, over random steps of two who use one store, and restarts. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { SubjectKey } from '../../../contracts/ids.js';
import { reportsIn } from '../../../gateway/documents/reports/state-store.js';
import {
  type Issued,
  NO_NUMBERS,
  openReportStore,
  type ReportStore,
} from '../../../gateway/documents/reports/store.js';
import { SHARED, type SharedKind, sharedState } from '../../support/shared-state.js';

t.setTimeout(240_000);

const START = Date.parse('2026-11-26T01:00:00Z');
const company = (n: number): SubjectKey => `uscc:${String(n)}` as SubjectKey;
const idOf = (n: number): string => String(n).padStart(32, '0');
const moment = (at: number): string => new Date(at).toISOString();
/** As small as a report can be for its store. */
const issued = (n: number, at: number): Issued =>
  ({
    id: idOf(n),
    document: `d${String(n)}`,
    issuer: company(n % 2),
    keys: [],
    model: {
      report: 'credit',
      issuedAt: moment(at),
      purpose: { id: 'listing' },
      bearer: 'b',
      range: { from: '2026-01-01', to: '2026-11-26' },
      subjects: [{}],
      domains: [{}, {}],
      sections: [],
    },
  }) as unknown as Issued;

type Kind = 'issue' | 'revoke' | 'place' | 'authorise' | 'verify' | 'sweep' | 'restart';
interface Step {
  readonly do: Kind;
  readonly by: 0 | 1;
  readonly of: number;
}
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom<Kind>(
    'issue',
    'issue',
    'issue',
    'revoke',
    'revoke',
    'place',
    'place',
    'authorise',
    'verify',
    'sweep',
    'restart',
  ),
  by: fc.constantFrom(0 as const, 1 as const),
  of: fc.nat({ max: 7 }),
});

interface Kept {
  readonly until: number;
  readonly at: number;
  revokedAt?: string;
  readonly places: number[];
}

async function opener(
  t: Test,
  kind: 'files' | SharedKind,
  dir: string,
): Promise<(() => Promise<ReportStore>) | undefined> {
  if (kind === 'files') return async () => openReportStore(dir);
  const open = await sharedState(t, kind);
  return open && (async () => reportsIn(await open()));
}

async function holds(open: () => Promise<ReportStore>, steps: readonly Step[]): Promise<boolean> {
  const stores: [ReportStore, ReportStore] = [await open(), await open()];
  const reports = new Map<number, Kept>();
  const authorisations = new Map<number, number>();
  let [count, verified, now] = [0, 0, START];
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  for (const { do: what, by, of } of steps) {
    now += 60_000;
    const store = stores[by];
    const found = reports.get(of);
    if (what === 'issue') {
      const n = count++;
      const until = now + 600_000;
      await store.putReport(issued(n, now), `hash${String(n)}`, until);
      reports.set(n, { until, at: now, places: [] });
    } else if (what === 'revoke') {
      const done = await store.revoke(idOf(of), moment(now));
      if (found !== undefined) found.revokedAt ??= moment(now);
      const places = [...(done?.places ?? [])].map(({ index }) => index).sort();
      const right = found && { revokedAt: found.revokedAt, places: [...found.places].sort() };
      if (!same(done && { revokedAt: done.revokedAt, places }, right)) return false;
    } else if (what === 'place') {
      const may = found !== undefined && found.revokedAt === undefined;
      if ((await store.putPlace(idOf(of), { list: 0, index: now })) !== may) return false;
      if (may) found.places.push(now);
    } else if (what === 'authorise') {
      const authorisation = {
        id: idOf(of),
        report: 'r',
        from: company(0),
        to: company(1),
        since: '',
        until: '',
        recordedAt: moment(now),
      };
      // one that is given anew has other links
      if (!authorisations.has(of)) await store.putAuthorisation(authorisation, now + 600_000);
      if (!authorisations.has(of)) authorisations.set(of, now + 600_000);
    } else if (what === 'verify') {
      await store.verified('genuine');
      verified++;
    } else if (what === 'sweep') {
      const over = <T>(all: Map<number, T>, until: (one: T) => number): number[] =>
        [...all].filter(([, one]) => until(one) < now).map(([n]) => n);
      const [gone, ended] = [over(reports, ({ until }) => until), over(authorisations, (until) => until)];
      if ((await store.sweep(now)) !== gone.length + ended.length) return false;
      for (const n of gone) reports.delete(n);
      for (const n of ended) authorisations.delete(n);
    } else {
      await store.close();
      stores[by] = await open();
    }
  }
  for (const store of stores) {
    for (let n = 0; n < count; n++) {
      const kept = reports.get(n);
      if ((await store.report(idOf(n)))?.document !== (kept && `d${String(n)}`)) return false;
      if ((await store.byCode(`hash${String(n)}`))?.id !== (kept && idOf(n))) return false;
      if ((await store.keptUntil(idOf(n))) !== kept?.until) return false;
      if ((await store.revokedAt(idOf(n))) !== kept?.revokedAt) return false;
    }
    for (const whose of [0, 1]) {
      const rows = (await store.reportsOf(company(whose))).map(({ id, revokedAt }) => [id, revokedAt ?? null]);
      const right = [...reports]
        .filter(([n]) => n % 2 === whose)
        .sort(([, a], [, b]) => b.at - a.at)
        .map(([n, { revokedAt }]) => [idOf(n), revokedAt ?? null]);
      if (!same(rows, right)) return false;
    }
    const given = (await store.given(company(0))).map(({ id }) => id).sort();
    const received = (await store.received(company(1))).map(({ id }) => id).sort();
    if (
      !same(
        [given, received],
        [0, 1].map(() => [...authorisations.keys()].map(idOf).sort()),
      )
    )
      return false;
    const numbers = {
      ...NO_NUMBERS,
      issued: count,
      certificates: 2 * count,
      verified: { ...NO_NUMBERS.verified, genuine: verified },
    };
    if (!same(await store.numbers(), numbers)) return false;
    await store.close();
  }
  return true;
}

for (const kind of ['files', ...SHARED] as const)
  void t.test(kind, async (t) => {
    const root = t.testdir();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const open = await opener(t, kind, `${root}/${String(run++)}`);
        return open === undefined || (await holds(open, steps));
      }),
      // what is opened often is slow to run
      { numRuns: { files: 200, embedded: 25, postgres: 6 }[kind] },
    );
    t.pass('as the model says');
  });
