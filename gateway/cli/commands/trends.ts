import { YitongError } from '../../../contracts/errors.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { AUDIT, dataOption, foldersThere, text, workspaceOption } from '../../ground/files/places.js';
import { type DayFigure, daysUntil, qualityByDay, questionsByDay } from '../../http/console/trends/figures.js';
import { openSearch } from '../../log/search/index.js';
import { tableOption } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import { type Column, tabled } from '../table.js';

const SPANS = ['30', '90'] as const;

/** The same figures as `/console/trends`, of all authorities, for whoever has a shell and no account. */
const command: Command = {
  summary: 'the last 30 or 90 days: questions, denials, rows held back, datasets that were late',
  zh: '近三十天或九十天的运行情况：查询、不予提供、未通过检查的行、逾期的数据集',
  group: 'running',
  usage: '[--days 30|90] [-o table|json|csv] [--workspace D] [--data D] [--json]',
  examples: ['yitong trends', 'yitong trends --days 90 --zh', 'yitong trends -o csv > last-month.csv'],
  options: {
    days: { type: 'string', zh: '天数', values: SPANS, describe: 'how many days, today the last', default: '30' },
    workspace: workspaceOption,
    data: dataOption,
    ...tableOption,
  },
  async run(call) {
    const span = Number(text(call.values['days']) ?? SPANS[0]);
    const { workspace: dir, data } = foldersThere(call.values, AUDIT);
    const workspace = await loadWorkspace(dir, { allowUnregistered: true });
    // twice as many: whoever is shown a month asks how the one before was
    const days = daysUntil(Date.now(), 2 * span);
    const search = openSearch(data);
    let questions: readonly DayFigure[];
    try {
      questions = await questionsByDay(search, days, undefined);
    } finally {
      await search.close();
    }
    const { held, fresh } = qualityByDay(data, days, [...workspace.contracts.keys()]);
    const rows = days.map((day, i) => rowOf(day, questions[i], held[i], fresh[i]));
    const [before, now] = [rows.slice(0, span), rows.slice(span)];
    const sums = { now: sumOf(now), before: sumOf(before) };
    call.json({ days: now, sums });
    for (const line of inWords(now, sums, call)) call.say(line);
    if (call.form === 'table' || call.form === 'csv') call.table(tabled(COLUMNS, now, call));
    else for (const row of now) call.say(inOneLine(row, call));
    return 0;
  },
};
export default command;

interface Row {
  readonly day: string;
  readonly questions: number;
  readonly denied: number;
  /** Rows held back, at the end of the day. */
  readonly held: number;
  readonly measured: number;
  readonly late: number;
}

const rowOf = (
  day: string,
  questions: DayFigure | undefined,
  held: DayFigure | undefined,
  fresh: DayFigure | undefined,
): Row => ({
  day,
  questions: questions?.value ?? 0,
  denied: questions?.part ?? 0,
  held: held?.value ?? 0,
  measured: fresh?.value ?? 0,
  late: fresh?.part ?? 0,
});

interface Sum {
  readonly questions: number;
  readonly denied: number;
  /** Days of datasets that were late, of those that were measured. */
  readonly late: number;
  readonly measured: number;
}

const sumOf = (rows: readonly Row[]): Sum => {
  const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0);
  return {
    questions: sum((row) => row.questions),
    denied: sum((row) => row.denied),
    late: sum((row) => row.late),
    measured: sum((row) => row.measured),
  };
};

const COLUMNS: readonly Column<Row>[] = [
  { zh: '日期', en: 'day', cell: ({ day }) => day },
  { zh: '查询', en: 'questions', cell: ({ questions }) => questions },
  { zh: '其中不予提供', en: 'denied something', cell: ({ denied }) => denied },
  { zh: '未通过检查的行', en: 'rows held back', cell: ({ held }) => held },
  { zh: '检查的数据集', en: 'datasets measured', cell: ({ measured }) => measured },
  { zh: '其中逾期', en: 'late', cell: ({ late }) => late },
];

const shown = (value: number): string => value.toLocaleString('en');
const share = (part: number, of: number): string => `${of === 0 ? '0' : ((part / of) * 100).toFixed(1)} %`;

const inOneLine = ({ day, questions, denied, held, measured, late }: Row, { words }: Invocation): string =>
  words({
    zh:
      `${day}  查询 ${shown(questions)}，不予提供 ${shown(denied)}；未通过检查 ${shown(held)} 行；` +
      `${shown(measured)} 个数据集中 ${shown(late)} 个逾期`,
    en:
      `${day}  ${shown(questions)} questions, ${shown(denied)} denied something; ${shown(held)} rows held back; ` +
      `${shown(late)} of ${shown(measured)} datasets late`,
  });

/** What whoever is shown it asks first. */
function inWords(
  rows: readonly Row[],
  { now, before }: { readonly now: Sum; readonly before: Sum },
  { words }: Invocation,
): readonly string[] {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) throw new YitongError('internal', 'no days');
  const busiest = rows.reduce((most, row) => (row.questions > most.questions ? row : most), first);
  const days = String(rows.length);
  const denied = { now: share(now.denied, now.questions), before: share(before.denied, before.questions) };
  const late = { now: share(now.late, now.measured), before: share(before.late, before.measured) };
  return [
    words({
      zh: `${first.day} 至 ${last.day}（前 ${days} 天的数字在括号内）`,
      en: `${first.day} to ${last.day} (in brackets the ${days} days before)`,
    }),
    words({
      zh: `查询 ${shown(now.questions)} 次（${shown(before.questions)}），不予提供 ${denied.now}（${denied.before}）`,
      en:
        `${shown(now.questions)} questions (${shown(before.questions)}), ` +
        `denied something in ${denied.now} (${denied.before})`,
    }),
    words({
      zh: `最多的一天：${busiest.day}，${shown(busiest.questions)} 次`,
      en: `busiest day: ${busiest.day} with ${shown(busiest.questions)}`,
    }),
    words({
      zh: `数据集逾期的天数占 ${late.now}（${late.before}）；最后一天未通过检查 ${shown(last.held)} 行`,
      en:
        `datasets were late on ${late.now} of their days (${late.before}); ` +
        `${shown(last.held)} rows held back on the last day`,
    }),
    '',
  ];
}
