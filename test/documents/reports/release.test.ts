/**
 * The second form of the compliance code: an issued report, or chosen domains of it, released to whoever scans, once.
 * docs/compliance-code.md.
 */

import fc from 'fast-check';
import t, { type Test } from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Scanner } from '../../../gateway/documents/compliance/machine.js';
import { MISS_LIMIT } from '../../../gateway/documents/compliance/misses.js';
import {
  openReleases,
  RELEASE_TERM,
  type Releases,
  type Releasing,
} from '../../../gateway/documents/compliance/release.js';
import type { Scope } from '../../../gateway/documents/compliance/release-record.js';
import { type CodeStore, openCodeStore } from '../../../gateway/documents/compliance/store.js';
import type { ReportModel } from '../../../gateway/documents/model/model.js';
import { partOf, type ReleasedReport, releasedOf } from '../../../gateway/documents/reports/released-part.js';
import { beforeLook, releasedView } from '../../../gateway/http/console/releasing/release.js';
import { page } from '../../../gateway/http/ui/page.js';
import type { EntryDraft } from '../../../gateway/log/entries/port.js';
import { bank, COMPANY, codeOf, inspector, page as publicPage } from './compliance-world.js';
import { sampleReport } from './sample.js';
import { company, openWorld, penalty } from './world.js';

t.setTimeout(120_000);
const owner: Releasing = {
  owner: 'https://id.test|owner',
  by: 'subject',
  subject: COMPANY,
  about: { person: 'https://id.test|owner', name: '林晓' },
};
const stranger: Releasing = { ...owner, owner: 'https://id.test|other' };
const scope: Scope = {
  id: '0123456789abcdef0123456789abcdef',
  report: 'credit',
  from: '2023-11-24',
  to: '2026-11-24',
  domains: ['d2'],
  whole: false,
};
const ROAD = '192.0.2.1';

const keysOf = ({ sections }: ReportModel): readonly (readonly string[])[] =>
  sections.map(({ records }, i) => records.map((_, r) => `${String(i)}/${String(r)}`));
const released = (model: ReportModel, domains: readonly string[]): ReleasedReport =>
  releasedOf(partOf({ model, keys: keysOf(model) }, domains).model, undefined);

/** Workers over one folder, closed and opened again at will. */
function desk(t: Test) {
  const dir = t.testdir();
  const world = {
    now: Date.UTC(2026, 10, 30, 2),
    entries: [] as { body: Record<string, unknown>; details: Record<string, unknown>; subject: string }[],
    full: false,
    gone: false,
    revoked: false,
    computed: [] as Scope[],
    /** what happens while the report is read */
    meanwhile: (): Promise<unknown> => Promise.resolve(),
  };
  const made = (store: CodeStore): Releases =>
    openReleases({
      store,
      now: () => world.now,
      journal: {
        async append({ clear, subject }: EntryDraft) {
          await Promise.resolve();
          if (world.full) throw new YitongError('audit_unavailable', 'the disk is full');
          world.entries.push({
            body: JSON.parse(clear) as Record<string, unknown>,
            details: JSON.parse(subject?.json ?? '{}') as Record<string, unknown>,
            subject: subject?.subject ?? '',
          });
          return { id: 'w1:1', json: '{}' };
        },
      },
      async part(asked) {
        await world.meanwhile();
        if (world.revoked) throw new YitongError('report_revoked', 'the report was revoked');
        world.computed.push(asked);
        return world.gone ? undefined : released(sampleReport({ domains: 6 }), asked.domains);
      },
    });
  let stores = [openCodeStore(dir), openCodeStore(dir)];
  let workers = stores.map(made);
  const close = (): Promise<unknown> => Promise.all(stores.map((store) => store.close()));
  t.teardown(close);
  return {
    world,
    worker: (n: number): Releases => workers[n % 2]!,
    sweep: (at: number) => stores[0]!.sweep(at),
    async restart() {
      await close();
      stores = [openCodeStore(dir), openCodeStore(dir)];
      workers = stores.map(made);
    },
  };
}

t.test('a company releases two domains, somebody scans and sees them once; the company sees who it was', async (t) => {
  for (const scanner of [bank, publicPage, inspector]) {
    const { world, worker } = desk(t);
    const { code, id, until } = await worker(0).release(owner, scope, 'r1');
    t.equal(Buffer.from(code, 'base64url').length, 32);
    t.equal(until - world.now, RELEASE_TERM);
    t.match(await worker(1).follow(id, owner.owner), { state: 'released', scope, looker: undefined });
    t.equal(await codeOf(worker(1).follow(id, stranger.owner)), 'code_unknown');
    t.same(world.computed, [], 'nothing is read before somebody looks');
    const seen = await worker(1).look(code, scanner, ROAD, 'r2');
    t.same(
      seen.domains.map((one) => one.id),
      ['d2'],
    );
    t.equal(await codeOf(worker(0).look(code, scanner, ROAD, 'r3')), 'code_used', 'once, also for the same scanner');
    const after = await worker(0).follow(id, owner.owner);
    t.match(after, {
      state: 'looked',
      looker: { kind: scanner.kind, ...present({ name: scanner.name }) },
    });
    if (scanner.kind !== 'client')
      t.notOk(JSON.stringify(after).includes(scanner.key), 'the company learns no session and no id of a person');
    t.equal(await codeOf(worker(0).withdraw(id, owner, 'r4')), 'code_used', 'what was seen cannot be taken back');

    t.same(
      world.entries.map(({ body }) => body['step']),
      ['released', 'looked'],
    );
    t.ok(
      world.entries.every(
        ({ subject, body, details }) =>
          subject === COMPANY && body['code'] === id && body['report'] === 'credit' && details['report'] === scope.id,
      ),
    );
    t.match(world.entries[1]?.body, {
      domains: ['d2'],
      by: scanner.kind === 'client' ? 'bank' : scanner.kind === 'person' ? 'person' : 'public page',
      bodySha256: /^[\w-]{43}$/,
    });
    const clear = JSON.stringify(world.entries.map(({ body }) => body));
    for (const secret of [
      code,
      scope.id,
      owner.owner,
      COMPANY,
      '林晓',
      ...(scanner.kind === 'client' ? [] : [scanner.key]),
      ...(scanner.kind === 'person' ? [scanner.name ?? ''] : []),
    ])
      t.notOk(clear.includes(secret), 'the clear part names nobody and opens nothing');
    if (scanner.kind === 'person')
      t.match(world.entries[1]?.details, { looker: scanner.key, lookerName: scanner.name });
  }
});

t.test('an expired code says so, a withdrawn one that it was withdrawn, and neither anything else', async (t) => {
  const { world, worker } = desk(t);
  const late = await worker(0).release(owner, scope, 'r');
  world.now += RELEASE_TERM - 1;
  t.equal((await worker(0).follow(late.id, owner.owner)).state, 'released');
  world.now += 1;
  t.equal((await worker(0).follow(late.id, owner.owner)).state, 'expired');
  t.equal(await codeOf(worker(1).look(late.code, bank, ROAD, 'r')), 'code_expired');
  t.equal(await codeOf(worker(1).withdraw(late.id, owner, 'r')), 'code_expired');
  const regretted = await worker(0).release(owner, scope, 'r');
  t.equal(await codeOf(worker(1).withdraw(regretted.id, stranger, 'r')), 'code_unknown');
  await worker(1).withdraw(regretted.id, owner, 'r');
  t.equal(await codeOf(worker(0).look(regretted.code, bank, ROAD, 'r')), 'code_withdrawn');
  t.same(world.computed, [], 'nothing was read');
  t.equal(await codeOf(worker(0).look(regretted.id, bank, ROAD, 'r')), 'code_unknown', 'the digest is not the code');
  t.same(
    world.entries.map(({ body }) => body['step']),
    ['released', 'released', 'withdrawn'],
  );
});

t.test('of many who look at once one sees it; what is taken back while it is read is seen by nobody', async (t) => {
  const { world, worker } = desk(t);
  const { code } = await worker(0).release(owner, scope, 'r');
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, n) => codeOf(worker(n).look(code, n < 4 ? bank : publicPage, ROAD, 'r'))),
  );
  t.same(outcomes.sort(), [...Array<string>(7).fill('code_used'), 'ok']);

  const second = await worker(0).release(owner, scope, 'r');
  const both = await Promise.all([
    codeOf(worker(1).look(second.code, bank, ROAD, 'r')),
    codeOf(worker(0).withdraw(second.id, owner, 'r')),
  ]);
  const looked = both[0] === 'ok';
  t.same(both, looked ? ['ok', 'code_used'] : ['code_withdrawn', 'ok'], 'one of the two happens, and one only');
  t.equal((await worker(0).follow(second.id, owner.owner)).state, looked ? 'looked' : 'withdrawn');

  const third = await worker(0).release(owner, scope, 'r');
  world.meanwhile = () => worker(0).withdraw(third.id, owner, 'r');
  t.equal(await codeOf(worker(1).look(third.code, bank, ROAD, 'r')), 'code_withdrawn', 'taken back while it was read');
  t.equal((await worker(0).follow(third.id, owner.owner)).state, 'withdrawn');
});

t.test(
  'a report that was revoked or is not kept any more is seen by nobody, and the look is not used up by a log ' +
    'that does not write',
  async (t) => {
    const { world, worker } = desk(t);
    const { code, id } = await worker(0).release(owner, scope, 'r');
    world.revoked = true;
    t.equal(await codeOf(worker(0).look(code, bank, ROAD, 'r')), 'report_revoked');
    world.revoked = false;
    world.gone = true;
    t.equal(await codeOf(worker(0).look(code, bank, ROAD, 'r')), 'code_expired');
    world.gone = false;
    world.full = true;
    t.equal(await codeOf(worker(0).look(code, bank, ROAD, 'r')), 'audit_unavailable');
    t.equal(
      await codeOf(worker(0).release(owner, scope, 'r')),
      'audit_unavailable',
      'nor is there a code that is not on record',
    );
    world.full = false;
    t.equal((await worker(0).follow(id, owner.owner)).state, 'released');
    t.equal(await codeOf(worker(0).look(code, bank, ROAD, 'r')), 'ok');
  },
);

t.test('whoever guesses waits, from whatever session or address', async (t) => {
  const { worker } = desk(t);
  const { code } = await worker(0).release(owner, scope, 'r');
  for (let n = 0; n < MISS_LIMIT; n++)
    t.equal(
      await codeOf(worker(n).look('A'.repeat(43), { ...publicPage, key: `session ${String(n)}` }, ROAD, 'r')),
      'code_unknown',
    );
  t.equal(await codeOf(worker(0).look(code, { ...publicPage, key: 'a new one' }, ROAD, 'r')), 'rate_limited');
  t.equal(await codeOf(worker(0).look(code, publicPage, '198.51.100.1', 'r')), 'ok', 'others do not');
});

interface Known {
  readonly code: string;
  readonly id: string;
  readonly at: number;
  state: 'released' | 'looked' | 'withdrawn';
}

t.test(
  'release, look, repeat, take back, wait, restart, in whatever order: each is told what it is, and nothing is ' +
    'seen twice, late, after it was taken back or off the record',
  async (t) => {
    const { world, worker, restart, sweep } = desk(t);
    const scanners: readonly Scanner[] = [bank, publicPage, inspector];
    const few = fc.constantFrom(0, 0, 0, 1, 2);
    const act = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ kind: 'release' as const }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('wait' as const),
          ms: fc.oneof(fc.nat({ max: 90_000 }), fc.constantFrom(RELEASE_TERM - 1, RELEASE_TERM, 600_000, 86_400_001)),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'sweep' as const }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('disk' as const), full: fc.boolean() }) },
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constantFrom('look' as const, 'look' as const, 'withdraw' as const),
          n: few,
          who: few,
        }),
      },
    );
    const seen = { looks: 0, withdrawn: 0, expired: 0, used: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 6, maxLength: 22 }), async (story) => {
        const codes: Known[] = [];
        world.full = false;
        for (const [turn, one] of story.entries()) {
          const desk = worker(turn);
          if (one.kind === 'wait') world.now += one.ms;
          else if (one.kind === 'restart') await restart();
          else if (one.kind === 'sweep') await sweep(world.now);
          else if (one.kind === 'disk') world.full = one.full;
          else if (one.kind === 'release') {
            const before = world.entries.length;
            const made = await desk.release(owner, scope, 'r').catch((error: unknown) => {
              if (error instanceof YitongError && error.code === 'audit_unavailable') return undefined;
              throw error;
            });
            if ((made === undefined) !== world.full) return false;
            if (made === undefined) continue;
            if (world.entries[before]?.body['step'] !== 'released' || world.entries[before]?.body['code'] !== made.id)
              return false;
            codes.push({ ...made, at: world.now, state: 'released' });
          } else {
            const known = codes[one.n];
            if (known === undefined) continue;
            const over = world.now - known.at >= RELEASE_TERM;
            // what became of a code is told for a day; how it ended is known to those ten minutes, and then only that
            // it is over
            const right =
              known.state === 'looked'
                ? ['code_used']
                : known.state === 'withdrawn'
                  ? ['code_withdrawn']
                  : over
                    ? ['code_expired']
                    : ['ok'];
            const before = world.entries.length;
            if (one.kind === 'look') {
              const outcome = await codeOf(
                desk.look(known.code, scanners[one.who] ?? bank, `192.0.2.${String(turn)}`, 'r'),
              );
              if (outcome === 'code_unknown') {
                if (world.now - known.at <= 86_400_000) return false;
                continue;
              }
              if (world.full && right[0] === 'ok') {
                if (outcome !== 'audit_unavailable') return false;
                continue;
              }
              if (!right.includes(outcome)) return false;
              if (outcome === 'ok') {
                const entry = world.entries[before];
                if (entry?.body['step'] !== 'looked' || entry.body['code'] !== known.id) return false;
                known.state = 'looked';
                seen.looks++;
              } else if (outcome === 'code_used') seen.used++;
              else if (outcome === 'code_expired') seen.expired++;
            } else {
              const who = one.who === 0 ? owner : stranger;
              const outcome = await codeOf(desk.withdraw(known.id, who, 'r'));
              if (who === stranger) {
                if (outcome !== 'code_unknown') return false;
                continue;
              }
              // after ten minutes it is nobody's any more
              if (outcome === 'code_unknown') {
                if (right[0] === 'ok' || (world.now - known.at < RELEASE_TERM + 600_000 && known.state === 'released'))
                  return false;
                continue;
              }
              if (world.full && right[0] === 'ok') {
                // taken back before it is on record: nothing leaves by it
                if (outcome !== 'audit_unavailable') return false;
                known.state = 'withdrawn';
                continue;
              }
              if (!right.includes(outcome)) return false;
              if (outcome === 'ok') {
                known.state = 'withdrawn';
                seen.withdrawn++;
              }
            }
          }
        }
        return true;
      }),
      { numRuns: 150 },
    );
    t.ok(
      Object.values(seen).every((n) => n > 10),
      JSON.stringify(seen),
    );
  },
);

const others = fc.record({
  domains: fc.integer({ min: 3, max: 12 }),
  seed: fc.integer({ min: 1, max: 30 }),
  shift: fc.nat({ max: 40 }),
});

/**
 * The same report with other domains beside those that are chosen: others, more, elsewhere in the order, with other
 * findings.
 */
function beside(
  model: ReportModel,
  chosen: readonly string[],
  { domains, seed, shift }: { readonly domains: number; readonly seed: number; readonly shift: number },
): ReportModel {
  const other = sampleReport({ subjects: model.subjects.length, domains, seed });
  const mine = model.domains.filter(({ id }) => chosen.includes(id));
  const foreign = other.domains.map(({ title }, n) => ({ id: `x${String(n)}`, title }));
  const at = shift % (foreign.length + 1);
  const all = [...foreign.slice(0, at), ...mine, ...foreign.slice(at)];
  return {
    ...model,
    domains: all,
    sections: model.subjects.flatMap((_, s) =>
      all.map(({ id }, domain) => {
        const own = model.domains.findIndex((one) => one.id === id);
        const found =
          own >= 0
            ? model.sections[s * model.domains.length + own]
            : other.sections[s * domains + foreign.findIndex((one) => one.id === id)];
        return { ...found!, subject: s, domain };
      }),
    ),
  };
}

t.test(
  'what is released does not depend on anything that is not: not a byte of the answer or of either page ' +
    'changes with the other domains, their number, their order or their records',
  (t) => {
    const forms = (model: ReportModel, chosen: readonly string[]): readonly string[] => {
      const report = released(model, chosen);
      const shown = (language: 'zh' | 'en'): string =>
        page({
          language,
          workspace: { name: { zh: '城', en: 'city' }, synthetic: true },
          title: 't',
          children: releasedView({ language, report }),
        });
      return [JSON.stringify(report), shown('zh'), shown('en')];
    };
    let different = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 30 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 4 }),
        others,
        (subjects, seed, places, other) => {
          const model = sampleReport({ subjects, domains: 8, seed });
          const chosen = model.domains.filter((_, n) => places.includes(n)).map(({ id }) => id);
          const alone = forms(model, chosen);
          const among = forms(beside(model, chosen, other), chosen);
          const changed = forms(sampleReport({ subjects, domains: 8, seed: seed + 1 }), chosen);
          if (changed.some((form, i) => form !== alone[i])) different++;
          return alone.every((form, i) => form === among[i]);
        },
      ),
      { numRuns: 150 },
    );
    t.ok(different > 50, 'and of what is released it does: the comparison sees a difference');
    for (const fault of [undefined, '企业已撤回出示'])
      for (const language of ['zh', 'en'] as const)
        t.notMatch(
          page({
            language,
            workspace: { name: { zh: '城', en: 'city' }, synthetic: true },
            title: 't',
            children: beforeLook({ language, csrf: undefined, code: 'c', ...present({ fault }) }),
          }),
          /云州|uscc|9199/,
          'before the look, and after it, a page says of nobody',
        );
    t.end();
  },
);

t.test(
  'of an issued report what is released is told with what changed since, in its domains alone; the others ' +
    'leave in no encoding',
  async (t) => {
    const made = await openWorld();
    t.teardown(() => made.close());
    await made.put('samr.company-register', company(0), '', { name: '云州晨光商贸有限公司' });
    await made.put(
      'samr.penalties',
      company(0),
      'open-decision-77',
      penalty('2026-01-01', { conduct: { summary: '公开的违法事实', endedOn: '2026-01-01', place: null } }),
    );
    await made.put(
      'water.penalties',
      company(0),
      'secret-decision-88',
      penalty('2026-02-01', {
        domain: '水务',
        conduct: { summary: '不出示的违法事实', endedOn: '2026-02-01', place: null },
      }),
    );
    await made.seen();
    const { id } = await made.reports.issue(made.request(), made.asking());
    const look = () => made.reports.part(id, ['market-regulation'], made.asking());
    const first = await look();
    t.match(first, {
      outcome: 'genuine',
      domains: [{ id: 'market-regulation' }],
      sections: [{ domain: 0, state: 'records' }],
      changes: [],
    });
    await made.put('water.penalties', company(0), 'secret-decision-99', penalty('2026-03-01', { domain: '水务' }));
    t.match(await look(), { outcome: 'genuine', changes: [] }, 'what changed elsewhere is not told');
    await made.put('samr.penalties', company(0), 'another-decision', penalty('2026-03-01'));
    const later = await look();
    t.match(later, { outcome: 'changed', changes: [{ subject: 0, domain: 'market-regulation', changes: ['added'] }] });
    const { document, model } = await made.reports.find(id, company(0), made.asking());
    for (const report of [first, later]) {
      const text = JSON.stringify(report);
      const bytes = Buffer.from(text);
      t.ok(text.includes('open-decision-77'));
      const secrets = [
        'secret-decision',
        '不出示的违法事实',
        '水务',
        'Water',
        'water',
        document,
        model.cut.digest,
        ...model.sections.flatMap(({ salt, digest }) => [salt, digest]),
      ];
      for (const secret of secrets) {
        const raw = Buffer.from(secret);
        const encodings = [
          raw,
          Buffer.from(raw.toString('hex')),
          Buffer.from(raw.toString('base64').slice(0, -4)),
          Buffer.from(encodeURIComponent(secret)),
          Buffer.from(secret, 'utf16le'),
          Buffer.from(
            JSON.stringify(secret)
              .slice(1, -1)
              .replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
          ),
        ];
        for (const encoding of encodings) if (encoding.length > 3) t.notOk(bytes.includes(encoding), secret);
      }
    }
    await made.reports.revoke(id, 'issued to somebody else', made.asking());
    await t.rejects(look(), { code: 'report_revoked' });
    t.equal(await made.reports.part('0'.repeat(32), ['market-regulation'], made.asking()), undefined);
  },
);
