/** Figures as tiles, a picture and tables: on the page of statistics, and in a document before it is signed. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import { actsOf, cellText, type FigureTable, figureTables } from '../../../documents/words/sharing-tables.js';
import type { Language } from '../../../ground/language/language.js';
import type { SharingStatistics } from '../../../procedures/sharing/statistics/index.js';
import { Bars } from '../../ui/charts.js';
import { sayIn } from '../../ui/say.js';

interface FiguresProps {
  readonly language: Language;
  readonly statistics: SharingStatistics;
  readonly nameOf: (id: string) => Localised;
  /** Where each table is given as CSV. */
  readonly csv?: (table: FigureTable['id']) => string;
}

const MISUSE: readonly string[] = ['suspend', 'suspend-own'];

function Tiles({ language, statistics: { total, standing } }: FiguresProps): JSX.Element {
  const say = sayIn(language);
  const { answers, supplies, corrections } = total.terms;
  const rate = (inTime: number, late: number): string =>
    inTime + late === 0 ? '—' : `${((inTime / (inTime + late)) * 100).toFixed(inTime === inTime + late ? 0 : 1)}%`;
  const overdue = answers.overdue + supplies.overdue + corrections.overdue;
  const tiles: readonly (readonly [string | number, string, boolean])[] = [
    [total.machines['application']?.came ?? 0, say('提出共享申请', 'applications'), false],
    [
      actsOf(total, 'application', 'agree', 'agree-standing'),
      say(`同意共享，不予共享 ${String(actsOf(total, 'application', 'refuse'))}`, 'agreed'),
      false,
    ],
    [rate(answers.inTime, answers.late), say('按期答复', 'answered in time'), answers.late > 0],
    [answers.mean ?? '—', say('平均答复工作日', 'working days to an answer'), false],
    [rate(supplies.inTime, supplies.late), say('按期提供', 'supplied in time'), supplies.late > 0],
    [supplies.mean ?? '—', say('平均提供工作日', 'working days to the data'), false],
    [rate(corrections.inTime, corrections.late), say('按期校核', 'corrections in time'), corrections.late > 0],
    [overdue, say('逾期未办', 'overdue now'), overdue > 0],
    [
      actsOf(total, 'application', 'agree-standing'),
      say(`依长期同意当即答复（现有 ${String(standing)} 项）`, 'answered by standing consents'),
      false,
    ],
    [actsOf(total, 'misuse', ...MISUSE), say('暂停共享', 'suspensions'), actsOf(total, 'misuse', ...MISUSE) > 0],
  ];
  return (
    <div class="tiles">
      {tiles.map(([value, words, bad]) => (
        <div class={bad ? 'tile late' : 'tile'} key={words}>
          <b>{value}</b>
          <span>{words}</span>
        </div>
      ))}
    </div>
  );
}

function TableCard({
  language,
  table,
  href,
}: {
  readonly language: Language;
  readonly table: FigureTable;
  readonly href: string | undefined;
}): JSX.Element {
  const say = sayIn(language);
  const { columns, rows, left } = table;
  return (
    <section>
      <div class="head">
        <h2>{table.title[language]}</h2>
        {href === undefined || rows.length === 0 ? null : (
          <a class="quiet" href={href} download>
            {say('下载表格', 'As CSV')}
          </a>
        )}
      </div>
      <div class="card">
        {rows.length === 0 ? (
          <p class="empty">{say('期内没有可列的内容', 'Nothing to list.')}</p>
        ) : (
          <div class="scroll" role="region" aria-label={table.title[language]} tabIndex={0}>
            <table class="stack figures">
              <thead>
                <tr>
                  {columns.map(({ title, number }) => (
                    <th class={number ? 'n' : undefined} scope="col" key={title.zh}>
                      {title[language]}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.map((cell) => cellText(cell, 'zh')).join()}>
                    {row.map((cell, at) => {
                      const column = columns[at];
                      const said = cellText(cell, language);
                      const title = column?.title[language];
                      return at === 0 ? (
                        <th scope="row" key={title}>
                          {said}
                        </th>
                      ) : (
                        <td class={column?.number === true ? 'n' : undefined} data-title={title} key={title}>
                          {said}
                        </td>
                      );
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
      {left === undefined || rows.length === 0 ? null : <p class="foot">{left[language]}</p>}
    </section>
  );
}

export function FigureCards(props: FiguresProps): JSX.Element {
  const { language, statistics, nameOf, csv } = props;
  const say = sayIn(language);
  const bars = statistics.departments
    .filter(({ provides: { terms } }) => terms.answers.inTime + terms.answers.late > 0)
    .map(({ authority, provides: { terms } }) => ({
      label: nameOf(authority)[language],
      value: terms.answers.inTime + terms.answers.late,
      part: terms.answers.late,
    }));
  return (
    <>
      <Tiles {...props} />
      {bars.length === 0 ? null : (
        <Bars
          bars={bars}
          title={say('各提供部门答复件数', 'Answers by provider')}
          valueName={say('答复', 'answers')}
          partName={say('其中逾期', 'of these late')}
          tableName={say('查看数字', 'As a table')}
        />
      )}
      {figureTables(statistics, nameOf).map((table) => (
        <TableCard language={language} table={table} href={csv?.(table.id)} key={table.id} />
      ))}
    </>
  );
}
