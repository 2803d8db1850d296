/** 上海市社会信用条例 Art.9, 35–38 and 上海市优化营商环境条例 Art.67, day by day: what may be told, and until when. */

import fc from 'fast-check';
import t from 'tap';
import { dateToDays, daysToDate } from '../../../contracts/logical.js';
import { present } from '../../../contracts/present.js';
import { loadReports } from '../../../contracts/reports.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import {
  judge,
  lastDayOf,
  lastDayOfMonths,
  type Reckoning,
  type RecordFacts,
} from '../../../gateway/documents/compute/rules.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';

const layout = {
  excludes: [],
  term: { years: 5, basis: ['Art.35'] },
  repaired: { field: 'repair.status', values: ['repaired'] },
  displayUntil: 'displayUntil',
};
const wide: Omit<Reckoning, 'today'> = { from: '1990-01-01', to: '2099-12-31' };
type Rules = Parameters<typeof judge>[1];
const on = (today: string, facts: RecordFacts, rules: Rules = layout, days = wide) => {
  const verdict = judge(facts, rules, { today, ...days });
  return verdict.told ? 'told' : verdict.why;
};

void t.test(
  'Art.35: a record is told up to the last day of five years from the end of the conduct, and not at all after it',
  async (t) => {
    const facts = { ended: '2021-11-26' };
    t.equal(on('2026-11-25', facts), 'told', 'the day before');
    t.equal(on('2026-11-26', facts), 'told', 'on the last day');
    t.equal(on('2026-11-27', facts), 'expired', 'the day after');
    t.match(judge(facts, layout, { today: '2026-11-25', ...wide }), {
      endedOn: '2021-11-26',
      reportableUntil: '2026-11-26',
    });
  },
);

void t.test('Art.35: conduct that ended on 29 February is told up to 28 February five years on', async (t) => {
  t.equal(lastDayOf('2024-02-29', 5), '2029-02-28');
  t.equal(on('2029-02-28', { ended: '2024-02-29' }), 'told');
  t.equal(on('2029-03-01', { ended: '2024-02-29' }), 'expired');
  t.equal(lastDayOf('2024-02-29', 4), '2028-02-29', 'in a leap year up to the 29th');
  t.equal(lastDayOf('2023-02-28', 5), '2028-02-28', 'and from the 28th to the 28th');
});

void t.test(
  'Art.35: where a law sets another term, that one counts; where it sets no end, the record stays',
  async (t) => {
    const facts = { ended: '2021-11-26' };
    t.equal(on('2024-11-26', facts, { excludes: [], term: { years: 3, basis: ['another law'] } }), 'told');
    t.equal(on('2024-11-27', facts, { excludes: [], term: { years: 3, basis: ['another law'] } }), 'expired');
    t.equal(on('2099-01-01', facts, { excludes: [], term: { basis: ['another law'] } }), 'told');
    t.notOk(
      'reportableUntil' in
        judge(facts, { excludes: [], term: { basis: ['another law'] } }, { today: '2099-01-01', ...wide }),
      'and has no last day',
    );
  },
);

void t.test('Art.35: conduct that goes on has no term yet', async (t) => {
  t.equal(on('2026-11-26', { began: '2010-01-01' }), 'told');
  t.equal(on('2026-11-26', {}), 'told');
});

void t.test(
  'Art.38: what was repaired is not told, within its term or after; what is only under review is',
  async (t) => {
    t.equal(on('2026-11-26', { ended: '2026-01-01', repaired: 'repaired' }), 'repaired');
    t.equal(on('2040-11-26', { ended: '2026-01-01', repaired: 'repaired' }), 'repaired');
    t.equal(on('2026-11-26', { ended: '2026-01-01', repaired: 'pending' }), 'told');
    t.equal(on('2026-11-26', { ended: '2026-01-01', repaired: 'none' }), 'told');
  },
);

void t.test(
  'public display and telling are two flags: what is no longer displayed is told up to its term',
  async (t) => {
    const facts = { ended: '2024-05-01', displayUntil: '2026-11-26' };
    t.match(
      judge(facts, layout, { today: '2026-11-26', ...wide }),
      { told: true, displayed: true },
      'on the last day of display',
    );
    t.match(judge(facts, layout, { today: '2026-11-27', ...wide }), { told: true, displayed: false }, 'the day after');
    t.match(
      judge({ ended: '2021-01-01', displayUntil: '2099-01-01' }, layout, { today: '2026-11-27', ...wide }),
      { told: false },
      'and display does not lengthen the term',
    );
    t.match(
      judge({ began: '2024-01-01' }, { excludes: [], term: layout.term }, { today: '2026-11-27', ...wide }),
      { displayed: true },
      'a list is displayed while the company stands on it',
    );
    t.match(
      judge(
        { began: '2024-01-01', ended: '2026-01-01' },
        { excludes: [], term: layout.term },
        { today: '2026-11-27', ...wide },
      ),
      { displayed: false },
    );
  },
);

void t.test('the company chooses the time range: its first and last day belong to it', async (t) => {
  const days = { from: '2023-01-01', to: '2025-12-31' };
  const of = (facts: RecordFacts) => on('2026-11-26', facts, layout, days);
  t.equal(of({ ended: '2022-12-31' }), 'outside', 'the day before');
  t.equal(of({ ended: '2023-01-01' }), 'told', 'on the first day');
  t.equal(of({ ended: '2025-12-31' }), 'told', 'on the last day');
  t.equal(of({ ended: '2026-01-01' }), 'outside', 'the day after');
  t.equal(of({ began: '2020-01-01', ended: '2023-01-01' }), 'told', 'what lasts belongs to each of its days');
  t.equal(of({ began: '2025-12-31' }), 'told');
  t.equal(of({ began: '2026-01-01' }), 'outside');
  t.equal(of({ began: '2020-01-01' }), 'told', 'what goes on belongs to all days from its beginning');
});

void t.test('a term of whole years ends on the day of the same number, or one before where there is none', async () => {
  const day = fc
    .integer({ min: dateToDays('1990-01-01') ?? 0, max: dateToDays('2090-12-31') ?? 0 })
    .map((days) => daysToDate(days) ?? '');
  fc.assert(
    fc.property(day, fc.integer({ min: 1, max: 30 }), (ended, years) => {
      const last = lastDayOf(ended, years);
      const expected = `${String(Number(ended.slice(0, 4)) + years)}${ended.slice(4)}`;
      // one that exists is the one; 29 February of a common year is the 28th
      return dateToDays(expected) === undefined
        ? ended.endsWith('02-29') && last === expected.replace('02-29', '02-28')
        : last === expected;
    }),
  );
});

void t.test(
  'Art.9(2)(4), Art.67(2): a penalty by summary procedure, or of warning or criticism only, is not told on any ' +
    'day; a fine beside the warning is',
  async (t) => {
    const reports = await loadReports(await loadWorkspace(packageRoot()));
    for (const report of reports.values()) {
      const penalty = report.datasets.find(({ layout }) => layout.kind === 'penalty')?.layout;
      if (penalty === undefined) throw new Error('no penalties');
      const said = (today: string, procedure: string, kinds: readonly string[]) =>
        on(today, { ended: '2026-01-01', values: { procedure: [procedure], kinds } }, penalty);
      for (const today of ['2026-01-01', '2026-04-01', '2026-11-26', '2031-01-01']) {
        t.equal(said(today, 'ordinary', ['fine']), 'told', `${report.id} ${today}`);
        t.equal(said(today, 'hearing', ['fine', 'warning']), 'told');
        t.equal(said(today, 'ordinary', ['restriction', 'criticism']), 'told');
        t.equal(said(today, 'summary', ['fine']), 'excluded', 'whatever the penalty');
        t.equal(said(today, 'ordinary', ['warning']), 'excluded');
        t.equal(said(today, 'ordinary', ['criticism']), 'excluded');
        t.equal(said(today, 'hearing', ['warning', 'criticism']), 'excluded', 'whatever the procedure');
      }
      t.equal(said('2026-11-26', 'ordinary', []), 'told', 'what says no kind is not taken for a warning');
      t.ok(
        penalty.excludes.every(({ basis }) =>
          basis.some((one) => /^上海市(社会信用|优化营商环境)条例第.+条/.test(one)),
        ),
        'each rule names its law',
      );
    }
  },
);

void t.test(
  'Art.67(2) and the tiers: display ends with the longest term of the tier, however long the register would display',
  async (t) => {
    const terms = (await loadWorkspace(packageRoot())).codelists.get('display-tiers')?.display;
    if (terms === undefined) throw new Error('no tiers');
    const rules: Rules = { ...layout, display: { tier: 'displayTier', from: 'decidedOn', terms } };
    const shown = (today: string, tier: string | undefined, displayUntil?: string) => {
      const facts = {
        ended: '2025-10-01',
        displayFrom: '2025-11-30',
        ...present({ tier, displayUntil }),
      };
      const verdict = judge(facts, rules, { today, ...wide });
      return verdict.told && verdict.displayed;
    };
    const last = { ordinary: '2026-11-30', safety: '2026-11-30', serious: '2028-11-30' };
    t.strictSame(['none', 'slight', ...Object.keys(last)], [...terms.keys()]);
    for (const tier of ['none', 'slight'])
      for (const day of ['2025-11-30', '2025-12-01', '2026-06-01'])
        t.equal(shown(day, tier, '2099-12-31'), false, `what is not displayed is not on ${day} either`);
    for (const [tier, day] of Object.entries(last)) {
      const next = daysToDate((dateToDays(day) ?? 0) + 1) ?? '';
      t.equal(shown(day, tier, '2099-12-31'), true, `${tier}: on its last day`);
      t.equal(shown(next, tier, '2099-12-31'), false, `${tier}: the day after`);
      t.equal(shown(day, tier), true, `${tier}: also where the register names no day`);
      t.equal(shown(next, tier), false);
      t.equal(shown('2026-01-02', tier, '2026-01-01'), false, `${tier}: a display that was ended earlier stays ended`);
    }
    t.equal(shown('2028-01-01', undefined, '2028-01-01'), true, 'without a tier the register’s day counts');
    t.equal(shown('2028-01-01', 'of another list', '2028-01-01'), true);
    const shortest = Object.fromEntries([...terms].map(([tier, term]) => [tier, term.shortest]));
    t.strictSame(
      shortest,
      { none: 0, slight: 0, ordinary: 3, safety: 12, serious: 12 },
      'three months, and a year for food, medicines, special equipment, work safety and fire',
    );
    for (const [tier, { basis }] of terms)
      t.ok(
        basis.includes(
          tier === 'slight' ? '上海市社会信用条例第九条第二款第四项' : '上海市优化营商环境条例第六十七条第二款',
        ),
        tier,
      );
  },
);

void t.test(
  'a term of months ends on the day of the same number, or on the last of a month that has none',
  async (t) => {
    t.equal(lastDayOfMonths('2025-11-30', 3), '2026-02-28');
    t.equal(lastDayOfMonths('2025-08-31', 3), '2025-11-30');
    t.equal(lastDayOfMonths('2025-12-31', 2), '2026-02-28');
    t.equal(lastDayOfMonths('2023-11-29', 3), '2024-02-29');
    t.equal(lastDayOfMonths('2025-09-15', 3), '2025-12-15');
    t.equal(lastDayOfMonths('2024-02-29', 12), '2025-02-28');
  },
);

/** Layouts of the reference city that tell of a kind. */
async function layoutsOf(kind: 'penalty' | 'measure' | 'dishonesty') {
  const reports = await loadReports(await loadWorkspace(packageRoot()));
  return [...reports.values()].flatMap(({ id, datasets }) =>
    datasets.flatMap(({ contract, layout }) => (layout.kind === kind ? [{ id: `${id} ${contract.id}`, layout }] : [])),
  );
}

void t.test(
  'Art.9(2)(4): a penalty of slight conduct is not collected, so no report tells of it on any day, whatever ' +
    'its procedure and kind; the tier beside it is told',
  async (t) => {
    const penalties = await layoutsOf('penalty');
    for (const { id, layout: rules } of penalties) {
      const said = (today: string, tier?: string) =>
        on(
          today,
          {
            ended: '2026-01-01',
            displayFrom: '2026-02-01',
            ...present({ tier }),
            values: { procedure: ['ordinary'], kinds: ['fine'] },
          },
          rules,
        );
      for (const today of ['2026-02-01', '2026-05-01', '2026-05-02', '2030-12-31']) {
        t.equal(said(today, 'slight'), 'excluded', `${id} ${today}`);
        t.equal(said(today, 'ordinary'), 'told');
        t.equal(said(today), 'told', 'of no tier: not taken for slight');
      }
    }
    t.ok(penalties.length > 10);
  },
);

void t.test(
  'Art.25, 35: a listing is told from the day of listing; what ended with its term five years from the day of ' +
    'removal, what was removed by repair not at all',
  async (t) => {
    const lists = await layoutsOf('dishonesty');
    for (const { id, layout: rules } of lists) {
      t.equal(
        on('2023-05-13', { began: '2023-05-14' }, rules, { from: '1990-01-01', to: '2023-05-13' }),
        'outside',
        `${id}: not before it`,
      );
      t.equal(
        on('2023-05-14', { began: '2023-05-14' }, rules, { from: '1990-01-01', to: '2023-05-14' }),
        'told',
        'on the day',
      );
      t.notOk(
        'reportableUntil' in judge({ began: '2023-05-14' }, rules, { today: '2026-11-30', ...wide }),
        'while the company stands on it no term runs',
      );
      const ended = { began: '2020-05-14', ended: '2023-05-14', repaired: 'term' };
      t.equal(on('2028-05-14', ended, rules), 'told', 'on the last day of five years from the removal');
      t.equal(on('2028-05-15', ended, rules), 'expired', 'the day after');
      t.equal(on('2023-05-15', { ...ended, repaired: 'repaired' }, rules), 'repaired');
    }
    t.strictSame(
      lists.map(({ id }) => id),
      [
        'emergency.dishonesty-list',
        'hrss.wage-dishonesty-list',
        'samr.dishonesty-list',
        'samr.medicine-dishonesty-list',
        'tax.dishonesty-list',
      ].map((id) => `credit ${id}`),
      'work safety, wages, market regulation, medicines, tax',
    );
  },
);

void t.test('the display of a listing ends with its removal, and after three years at the latest', async (t) => {
  for (const { id, layout: rules } of await layoutsOf('dishonesty')) {
    const shown = (today: string, facts: RecordFacts): boolean => {
      const verdict = judge({ tier: 'serious', displayFrom: '2023-05-14', began: '2023-05-14', ...facts }, rules, {
        today,
        ...wide,
      });
      return verdict.told && verdict.displayed;
    };
    t.equal(shown('2026-05-14', { displayUntil: '2099-01-01' }), true, `${id}: on the last day of three years`);
    t.equal(shown('2026-05-15', { displayUntil: '2099-01-01' }), false, 'the day after, whatever the register says');
    t.equal(
      shown('2025-01-31', { ended: '2025-01-31', displayUntil: '2025-01-31' }),
      true,
      'on the day of the removal',
    );
    t.equal(shown('2025-02-01', { ended: '2025-01-31', displayUntil: '2025-01-31' }), false, 'the day after');
  }
});

void t.test(
  'an enforcement measure is told while it lasts and five years from its end, never displayed; one that found ' +
    'nothing unlawful is not told',
  async (t) => {
    const measures = await layoutsOf('measure');
    for (const { layout: rules } of measures) {
      const taken = { began: '2021-03-02' };
      t.match(
        judge(taken, rules, { today: '2026-11-30', ...wide }),
        { told: true, displayed: false },
        'while it lasts',
      );
      const ended = { ...taken, ended: '2021-04-01', values: { outcome: ['penalised'] } };
      t.match(
        judge(ended, rules, { today: '2026-04-01', ...wide }),
        { told: true, displayed: false, reportableUntil: '2026-04-01' },
        'on the last day',
      );
      t.equal(on('2026-04-02', ended, rules), 'expired', 'the day after');
      t.equal(on('2021-04-01', { ...ended, values: { outcome: ['cleared'] } }, rules), 'excluded');
      t.equal(on('2021-04-01', { ...ended, values: { outcome: ['expired'] } }, rules), 'told');
    }
    t.equal(measures.length, 1);
  },
);
