import fc from 'fast-check';
import t from 'tap';
import { clientId, datasetId, purposeId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import {
  batchDatasets,
  type NoticeGrant,
  noticeGrants,
  shownDatasets,
} from '../../../gateway/http/console/history/notice.js';
import { historyPage } from '../../../gateway/http/console/history/reading.js';
import type { LogBody } from '../../../gateway/log/entries/body.js';
import type { FoundEntry } from '../../../gateway/log/search/index.js';

const DAY = 86_400_000;
const AT = Date.UTC(2026, 10, 1);
const time = new Date(AT).toISOString();
const grant = (
  subjectNotice: NoticeGrant['subjectNotice'],
  dataset = 'tax.arrears',
  purpose = 'audit',
): NoticeGrant => ({
  client: clientId('desk'),
  dataset: datasetId(dataset),
  purposes: [purposeId(purpose)],
  subjectNotice,
});
const body = (datasets: LogBody['datasets']): LogBody => ({
  type: 'released',
  time,
  client: 'desk',
  purpose: 'audit',
  ...present({ datasets }),
});
const allowed = (dataset: string, id: string) => ({ dataset, grant: id, effect: 'allow', fields: ['a'], records: 1 });
const names = (shown: readonly { readonly dataset: string }[]): readonly string[] =>
  shown.map(({ dataset }) => dataset);

t.test('each way of telling the subject: at once, later, never', (t) => {
  const grants = noticeGrants(
    new Map([
      ['now', grant({ mode: 'immediate' })],
      ['later', grant({ mode: 'delayed', delay: 'P30D' })],
      ['never', grant({ mode: 'withheld', legalBasis: 'law' })],
    ]),
  );
  const entry = body([
    allowed('a.now', 'now'),
    allowed('a.later', 'later'),
    allowed('a.never', 'never'),
    allowed('a.gone', 'gone'),
    { dataset: 'a.bare', effect: 'allow', records: 1 },
  ]);
  t.same(names(shownDatasets(entry, grants, AT)), ['a.now']);
  t.same(names(shownDatasets(entry, grants, AT + 30 * DAY - 1)), ['a.now']);
  t.same(names(shownDatasets(entry, grants, AT + 30 * DAY)), ['a.now', 'a.later']);
  t.same(shownDatasets({ ...entry, time: 'yesterday' }, grants, AT + 99 * DAY), []);
  t.same(shownDatasets(body(undefined), grants, AT), []);
  t.end();
});

t.test('a refusal tells nothing of a look beside it that is withheld, nor of a client whose grants are gone', (t) => {
  const hidden = noticeGrants(
    new Map([
      ['never', grant({ mode: 'withheld' }, 'x.y', 'other')],
      ['now', grant({ mode: 'immediate' })],
    ]),
  );
  const refused = { dataset: 'a.b', effect: 'deny', fields: [], records: 0 };
  t.same(shownDatasets(body([allowed('x.y', 'never'), refused]), hidden, AT), []);
  t.match(
    shownDatasets(body([refused]), hidden, AT),
    [{ dataset: 'a.b', released: false, fields: [], records: 0 }],
    'asked for and refused: the subject is told',
  );
  t.same(
    shownDatasets(body([{ ...refused, dataset: 'x.y' }]), hidden, AT),
    [],
    'of a dataset that the client may only have unseen',
  );
  t.same(shownDatasets(body([refused]), noticeGrants(new Map()), AT), []);
  t.end();
});

t.test('a batch entry takes its grants from its answer, and from all of them where there may be two', (t) => {
  const grants = noticeGrants(
    new Map([
      ['now', grant({ mode: 'immediate' })],
      ['never', grant({ mode: 'withheld' })],
    ]),
  );
  const included: LogBody = {
    type: 'included',
    time,
    client: 'desk',
    datasets: [
      { dataset: 'a.one', records: 2 },
      { dataset: 'a.two', records: 0 },
    ],
  };
  const answer = body([{ ...allowed('a.one', 'now'), records: 900 }, allowed('a.two', 'never')]);
  t.same(batchDatasets(included, [answer], grants, AT), [
    { dataset: 'a.one', released: true, fields: ['a'], records: 2 },
  ]);
  t.same(batchDatasets(included, [], grants, AT), [], 'the answer is missing');
  t.same(batchDatasets(included, [answer, body([allowed('a.one', 'never')])], grants, AT), []);
  t.end();
});

const notice = fc.oneof(
  fc.constant({ mode: 'immediate' as const }),
  fc.constant({ mode: 'withheld' as const, legalBasis: 'law' }),
  fc.integer({ min: 1, max: 60 }).map((days) => ({ mode: 'delayed' as const, delay: `P${days}D` })),
);
const world = fc.record({
  grants: fc.dictionary(fc.constantFrom('g0', 'g1', 'g2', 'g3'), notice),
  datasets: fc.array(fc.record({ id: fc.constantFrom('g0', 'g1', 'g2', 'g3', undefined), deny: fc.boolean() }), {
    maxLength: 5,
  }),
  days: fc.integer({ min: -1, max: 70 }),
});

t.test(
  'whatever grants and entries there are: nothing before its time, nothing withheld, and what was shown stays shown',
  (t) => {
    fc.assert(
      fc.property(world, ({ grants, datasets, days }) => {
        const known = noticeGrants(new Map(Object.entries(grants).map(([id, one]) => [id, grant(one)])));
        const entry = body(
          datasets.map(({ id, deny }, i) => ({
            dataset: `d.${i}`,
            effect: deny ? 'deny' : 'allow',
            fields: ['f'],
            records: 3,
            ...present({ grant: id }),
          })),
        );
        const now = AT + days * DAY;
        const shown = shownDatasets(entry, known, now);
        for (const { dataset, released, fields, records } of shown) {
          const { id, deny } = datasets[Number(dataset.slice(2))] ?? { id: undefined, deny: false };
          if (released === deny || (!released && (fields.length > 0 || records > 0))) return false;
          const rule = id === undefined ? undefined : grants[id];
          if (id !== undefined && (rule === undefined || rule.mode === 'withheld')) return false;
          if (rule?.mode === 'delayed' && Number(rule.delay.slice(1, -1)) > days) return false;
          // a refusal without a grant is told only if all that stands beside it is
          if (
            id === undefined &&
            datasets.some(
              (one) => one.id !== undefined && (grants[one.id] === undefined || grants[one.id]?.mode === 'withheld'),
            )
          )
            return false;
          if (days < 0) return false;
        }
        const later = new Set(names(shownDatasets(entry, known, now + 100 * DAY)));
        return shown.every(({ dataset }) => later.has(dataset));
      }),
    );
    t.end();
  },
);

t.test('pages are as if what may not be read were not there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      async (visible, limit) => {
        const all = visible
          .map(
            (seen, index): FoundEntry => ({
              index,
              receipt: '',
              body: { ...body([allowed('a.b', seen ? 'now' : 'never')]) },
            }),
          )
          .reverse();
        const search = {
          page: (_query: object, { limit: most, after = Infinity }: { limit: number; after?: number }) => {
            const rest = all.filter(({ index }) => index < after);
            const entries = rest.slice(0, most);
            const last = entries.at(-1);
            return Promise.resolve({
              entries,
              ...(rest.length > most && last !== undefined ? { next: last.index } : {}),
            });
          },
          entries: (): never => {
            throw new Error('only batches ask for their answers');
          },
        };
        const reading = {
          search,
          grants: noticeGrants(
            new Map([
              ['now', grant({ mode: 'immediate' })],
              ['never', grant({ mode: 'withheld' })],
            ]),
          ),
          now: AT,
        };
        const expected = all.filter(({ index }) => visible[index] === true).map(({ index }) => index);
        const read: number[] = [];
        for (let after: number | undefined; ; ) {
          const page = await historyPage('s', after, limit, reading);
          read.push(...page.entries.map(({ index }) => index));
          if (page.next === undefined) break;
          if (page.entries.length !== limit) return false;
          after = page.next;
        }
        return JSON.stringify(read) === JSON.stringify(expected);
      },
    ),
  );
});
