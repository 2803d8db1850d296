/**
 * Figures of sharing as tables with the words of both languages: the same on the page, as CSV and in the documents that
 * are signed.
 */
import type { Localised } from '../../../contracts/types.js';
import { measureNames } from '../../procedures/catalogue/trend.js';
import type { Grade } from '../../procedures/sharing/machines/papers.js';
import type { Figures, TermFigures } from '../../procedures/sharing/statistics/figures.js';
import type { DepartmentFigures, SharingStatistics } from '../../procedures/sharing/statistics/index.js';

interface Column {
  readonly title: Localised;
  /** Set right, as numbers are. */
  readonly number: boolean;
}

type Cell = Localised | number;

export interface FigureTable {
  readonly id: 'timeliness' | 'quality' | 'use' | 'safety';
  readonly title: Localised;
  readonly columns: readonly Column[];
  /** Without those of which there is nothing to tell. */
  readonly rows: readonly (readonly Cell[])[];
  /** How many those are. */
  readonly left?: Localised;
}

const nothing = (cell: Cell): boolean => cell === 0 || cell === NONE;

/** Rows that say something, and how many do not. @param names columns that name what a row is about */
function telling(
  rows: readonly (readonly Cell[])[],
  names: number,
  left: (count: number) => Localised,
): Pick<FigureTable, 'rows' | 'left'> {
  const told = rows.filter((row) => !row.slice(names).every(nothing));
  const silent = rows.length - told.length;
  return { rows: told, ...(silent === 0 || told.length === 0 ? {} : { left: left(silent) }) };
}
const departmentsLeft = (count: number): Localised => ({
  zh: `其余 ${String(count)} 个部门期内没有可列的内容。`,
  en: `Of ${String(count)} other departments there is nothing to tell.`,
});

type NameOf = (id: string) => Localised;

const text = (zh: string, en: string): Column => ({ title: { zh, en }, number: false });
const count = (zh: string, en: string): Column => ({ title: { zh, en }, number: true });
const NONE: Localised = { zh: '—', en: '—' };

export const cellText = (cell: Cell, language: 'zh' | 'en'): string =>
  typeof cell === 'number' ? String(cell) : cell[language];

const days = ({ mean }: TermFigures): Cell => mean ?? NONE;
const percent = (share: number | undefined): Cell => {
  if (share === undefined) return NONE;
  const said = `${(share * 100).toFixed(1)}%`;
  return { zh: said, en: said };
};
export const actsOf = ({ machines }: Pick<Figures, 'machines'>, machine: string, ...acts: readonly string[]): number =>
  acts.reduce((sum, act) => sum + (machines[machine]?.acts[act] ?? 0), 0);
const openOf = ({ machines }: Pick<Figures, 'machines'>, machine: string): number => machines[machine]?.open ?? 0;

/** What came too late, or has not come. */
const trouble = ({ provides: { terms } }: DepartmentFigures): number =>
  [terms.answers, terms.supplies, terms.corrections].reduce((sum, { late, overdue }) => sum + late + overdue, 0);

function timeliness(departments: readonly DepartmentFigures[], nameOf: NameOf): FigureTable {
  return {
    id: 'timeliness',
    title: { zh: '提供部门数据共享及时性', en: 'How timely providers share' },
    columns: [
      text('提供部门', 'Provider'),
      count('收到申请', 'Received'),
      count('按期答复', 'In time'),
      count('逾期答复', 'Late'),
      count('逾期未复', 'Overdue'),
      count('平均答复天数', 'Mean days'),
      count('按期提供', 'Supplied'),
      count('逾期提供和未提供', 'Late'),
      count('平均提供天数', 'Mean days'),
      count('按期校核', 'Corrected'),
      count('逾期校核和未校核', 'Late'),
    ],
    ...telling(
      [...departments]
        .sort((a, b) => trouble(b) - trouble(a))
        .filter(({ datasets, provides }) => datasets.length > 0 || Object.keys(provides.machines).length > 0)
        .map(({ authority, provides: { machines, terms } }) => [
          nameOf(authority),
          machines['application']?.came ?? 0,
          terms.answers.inTime,
          terms.answers.late,
          terms.answers.overdue,
          days(terms.answers),
          terms.supplies.inTime,
          terms.supplies.late + terms.supplies.overdue,
          days(terms.supplies),
          terms.corrections.inTime,
          terms.corrections.late + terms.corrections.overdue,
        ]),
      1,
      departmentsLeft,
    ),
  };
}

function quality(departments: readonly DepartmentFigures[], nameOf: NameOf): FigureTable {
  return {
    id: 'quality',
    title: { zh: '提供部门数据质量情况', en: 'Quality of what is provided' },
    columns: [
      text('提供部门', 'Provider'),
      text('数据集', 'Dataset'),
      count('测评天数', 'Days'),
      count('按期更新', 'Fresh'),
      count('完整性', 'Complete'),
      count('有效性', 'Valid'),
      count('通过率', 'Accepted'),
      count('每千条更正', 'Corrections'),
      text('需关注', 'To look at'),
    ],
    ...telling(
      departments.flatMap(({ authority, datasets }) =>
        datasets.map((one): readonly Cell[] => [
          nameOf(authority),
          nameOf(one.dataset),
          one.measured,
          one.fresh,
          percent(one.completeness),
          percent(one.validity),
          percent(one.accepted),
          one.perThousand === undefined ? NONE : Math.round(one.perThousand * 100) / 100,
          one.worries.length === 0
            ? NONE
            : {
                zh: one.worries.map((worry) => measureNames[worry].zh).join('、'),
                en: one.worries.map((worry) => measureNames[worry].en).join(', '),
              },
        ]),
      ),
      2,
      (count) => ({
        zh: `其余 ${String(count)} 个数据集期内未测评。`,
        en: `${String(count)} other datasets were not measured in the period.`,
      }),
    ),
  };
}

function use(departments: readonly DepartmentFigures[], nameOf: NameOf): FigureTable {
  return {
    id: 'use',
    title: { zh: '需求部门数据应用情况', en: 'How requesters use data' },
    columns: [
      text('需求部门', 'Requester'),
      count('提出申请', 'Filed'),
      count('同意共享', 'Agreed'),
      count('不予共享', 'Refused'),
      count('有效授权', 'Grants'),
      count('有使用记录', 'Recorded'),
      count('无使用记录', 'Unrecorded'),
      count('数据调用', 'Calls'),
      count('其中拒绝', 'Denied'),
    ],
    rows: departments
      .filter(({ requests, use: { grants } }) => grants > 0 || Object.keys(requests.machines).length > 0)
      .map(({ authority, requests, use: { grants, recorded, calls, denied } }) => [
        nameOf(authority),
        requests.machines['application']?.came ?? 0,
        actsOf(requests, 'application', 'agree', 'agree-standing'),
        actsOf(requests, 'application', 'refuse'),
        grants,
        recorded,
        grants - recorded,
        calls,
        denied,
      ]),
  };
}

function safety(departments: readonly DepartmentFigures[], nameOf: NameOf): FigureTable {
  return {
    id: 'safety',
    title: { zh: '需求部门安全保障措施情况', en: 'How requesters keep data safe' },
    columns: [
      text('需求部门', 'Requester'),
      count('违规情形', 'Misuse'),
      count('暂停共享', 'Suspended'),
      count('恢复共享', 'Resumed'),
      count('终止共享', 'Ended'),
      count('处置在办', 'Disposals open'),
      count('处置确认', 'Confirmed'),
      count('责令改正', 'Orders'),
      count('已改正', 'Mended'),
    ],
    ...telling(
      departments
        .filter(({ requests, use: { grants } }) => grants > 0 || Object.keys(requests.machines).length > 0)
        .map(({ authority, requests }) => [
          nameOf(authority),
          actsOf(requests, 'misuse', 'find'),
          actsOf(requests, 'misuse', 'suspend', 'suspend-own'),
          actsOf(requests, 'misuse', 'resume'),
          actsOf(requests, 'misuse', 'terminate'),
          openOf(requests, 'disposal'),
          actsOf(requests, 'disposal', 'confirm'),
          actsOf(requests, 'order', 'order-requester'),
          actsOf(requests, 'order', 'accept'),
        ]),
      1,
      departmentsLeft,
    ),
  };
}

export const figureTables = ({ departments }: SharingStatistics, nameOf: NameOf): readonly FigureTable[] =>
  [timeliness, quality, use, safety].map((table) => table(departments, nameOf));

/** What all of it comes to, in a few numbers. */
export function figureFacts({ total, standing }: SharingStatistics): readonly (readonly [Localised, string])[] {
  const { terms } = total;
  const mean = ({ mean: one }: TermFigures): string => (one === undefined ? '' : `，平均 ${String(one)} 个工作日`);
  const told = ({ inTime, late, overdue, ...term }: TermFigures): string =>
    `按期 ${String(inTime)}，逾期 ${String(late)}，逾期未办 ${String(overdue)}${mean({ inTime, late, overdue, ...term })}`;
  return [
    [
      { zh: '共享申请', en: 'Applications' },
      `期内提出 ${String(total.machines['application']?.came ?? 0)}，同意 ` +
        `${String(actsOf(total, 'application', 'agree', 'agree-standing'))}，不予共享 ` +
        `${String(actsOf(total, 'application', 'refuse'))}`,
    ],
    [{ zh: '答复（政务数据共享条例第二十一条）', en: 'Answers' }, told(terms.answers)],
    [{ zh: '提供（政务数据共享条例第二十二条）', en: 'Supply' }, told(terms.supplies)],
    [{ zh: '校核（政务数据共享条例第二十六条）', en: 'Corrections' }, told(terms.corrections)],
    [
      { zh: '长期同意', en: 'Standing consents' },
      `现有 ${String(standing)} 项，期内据此当即答复 ${String(actsOf(total, 'application', 'agree-standing'))} 次`,
    ],
    [
      { zh: '争议', en: 'Disputes' },
      `提出 ${String(actsOf(total, 'dispute', 'raise'))}，在办 ${String(openOf(total, 'dispute'))}`,
    ],
  ];
}

export const gradeNames: Readonly<Record<Grade, Localised>> = {
  excellent: { zh: '优秀', en: 'excellent' },
  good: { zh: '良好', en: 'good' },
  passing: { zh: '合格', en: 'passing' },
  failing: { zh: '不合格', en: 'failing' },
};
