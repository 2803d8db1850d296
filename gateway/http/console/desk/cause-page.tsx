/** Rows of one cause as a table of the source's own columns. */
import type { JSX } from 'preact';
import type { Mend } from '../../../../connectors/propose/mend.js';
import type { QuarantineCause, QuarantineEntry } from '../../../../connectors/quarantine.js';
import type { Reading } from '../../../../connectors/run/asked.js';
import type { Codelist, Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Form } from '../../ui/form.js';
import { Pager } from '../../ui/pager.js';
import { causeAddress, causeWords } from './cause-words.js';
import { causeFields, ProposedMend } from './mend-proposed.js';
import { ReadAgain } from './read-again.js';

export interface HeldRow extends QuarantineEntry {
  /** By column, as the source has it. */
  readonly shown: ReadonlyMap<string, string>;
}

interface CauseProps {
  readonly language: Language;
  readonly dataset: string;
  readonly name: Localised;
  readonly cause: QuarantineCause;
  readonly titles: ReadonlyMap<string, Localised>;
  readonly rows: readonly HeldRow[];
  /** Columns of which the field is made that is wrong. */
  readonly wrong: ReadonlySet<string>;
  /** What a column becomes, where that is known. */
  readonly means: ReadonlyMap<string, Localised>;
  /** What stands in the wrong cells, and how often. */
  readonly contents: readonly (readonly [text: string, rows: number])[];
  /** Rows of the cause in all, and of how many the contents are counted. */
  readonly count: number;
  readonly looked: number;
  /** Undefined where there is nothing to mend. */
  readonly mend: Mend | undefined;
  readonly codelist: Codelist | undefined;
  /** How the source is read; undefined where none is. */
  readonly reading: Reading | undefined;
  readonly first: boolean;
  readonly next?: string;
}

/** Below a column's own name, unless it says the same. */
const Meaning = ({ column, title }: { readonly column: string; readonly title: string | undefined }) =>
  title === undefined || title === column ? null : <span class="plain soft">{title}</span>;

export function causePage(props: CauseProps): JSX.Element {
  const { language, dataset, name, cause, titles, rows, wrong, contents, first, next, count, looked, mend } = props;
  const { reading, means } = props;
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  const columns = [...new Set(rows.flatMap(({ shown }) => [...shown.keys()]))];
  // what is wrong stands first: a wide table is read from its left
  const ordered = [...columns.filter((one) => wrong.has(one)), ...columns.filter((one) => !wrong.has(one))];
  const [one] = rows;
  const mendable = mend !== undefined && mend.parts.length > 0;
  return (
    <>
      <p class="foot">
        <a href={`/console/feeds/${dataset}`}>
          {say('← ', '← ')}
          {name[language]}
        </a>
      </p>
      <h1>{causeWords(cause, titles, language)}</h1>
      <p class="lead">
        {say(
          '以下各行因同一原因未通过校验，列名与内容同来源一致，问题所在单元格已标出。此次查看已记入日志。',
          'These rows are held back for the same reason. Columns are those of the source, and wrong cells are ' +
            'marked. This look is on record.',
        )}
      </p>
      {language === 'en' && one?.problems[0] !== undefined ? <p class="notice">{one.problems[0].reason}</p> : null}
      {rows.length === 0 ? (
        <p class="card empty">{say('没有这样的行了。', 'There are no such rows any more.')}</p>
      ) : (
        <>
          {contents.length === 0 ? null : (
            <p class="chips">
              {looked < count ? (
                <span class="soft">{say(`抽看 ${String(looked)} 行：`, `of ${String(looked)} rows:`)}</span>
              ) : null}
              {contents.map(([text, count]) => (
                <span class="chip">
                  <mark class="own">{text === '' ? say('（空）', '(empty)') : text}</mark> × {count}
                </span>
              ))}
            </p>
          )}
          {first ? (
            <ProposedMend
              language={language}
              dataset={dataset}
              cause={cause}
              rows={count}
              mend={mend}
              codelist={props.codelist}
            />
          ) : null}
          <h2>{say('交来源单位更正', 'For whoever keeps the source')}</h2>
          <div class="row">
            {(['xlsx', 'csv'] as const).map((as) => (
              <Form
                name={`rows ${as}`}
                action={`/console/feeds/${dataset}/rows/file`}
                hidden={{ ...causeFields(cause), as }}
              >
                <button class="quiet" type="submit">
                  {as === 'xlsx'
                    ? say('导出这些行（电子表格）', 'Export these rows (XLSX)')
                    : say('导出这些行（纯文本表格）', 'Export these rows (CSV)')}
                </button>
              </Form>
            ))}
            <ReadAgain dataset={dataset} reading={reading} language={language} />
          </div>
          <h2>
            {say(
              `未通过校验的行（共 ${count.toLocaleString('en')} 行）`,
              `Rows held back (${count.toLocaleString('en')})`,
            )}
          </h2>
          <div class="card scroll" role="region" tabIndex={0} aria-label={say('未通过校验的行', 'Rows held back')}>
            <table class="cells">
              <thead>
                <tr>
                  <th>{say('位置', 'Where')}</th>
                  {mendable ? <th>{say('修正', 'Mend')}</th> : null}
                  {ordered.map((column) => (
                    <th class={wrong.has(column) ? 'wrong own' : 'own'}>
                      {column === '' ? say('原文', 'as it came') : column}
                      <Meaning column={column} title={means.get(column)?.[language]} />
                    </th>
                  ))}
                  <th>{say('首次未通过', 'Since')}</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr>
                    <td class="mono own">{row.position}</td>
                    {mendable ? (
                      <td>
                        <Form
                          name={`mend ${row.id}`}
                          action={`/console/feeds/${dataset}/mends`}
                          hidden={{ ...causeFields(cause), row: row.id }}
                        >
                          <button class="quiet" type="submit">
                            {say('仅按此行', 'By this row')}
                          </button>
                        </Form>
                      </td>
                    ) : null}
                    {ordered.map((column) => (
                      <td class={wrong.has(column) ? 'wrong own' : 'own'}>
                        {wrong.has(column) ? (
                          <mark>{row.shown.get(column) || say('（空）', '(empty)')}</mark>
                        ) : (
                          row.shown.get(column)
                        )}
                      </td>
                    ))}
                    <td>{localMinute(row.firstSeen)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <Pager
        back={{ href: first ? undefined : causeAddress(dataset, cause), words: say('返回首页', 'First page') }}
        on={{
          href: next === undefined ? undefined : causeAddress(dataset, cause, next),
          words: say('下一页 →', 'Next →'),
          rel: 'next',
        }}
      />
    </>
  );
}
