/** One review: one entry after the other with its story, and what was found. */
import type { JSX } from 'preact';
import { inOneLine } from '../../../documents/words/entry.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { FoundEntry } from '../../../log/search/index.js';
import type { Judgement, Review } from '../../../procedures/reviews/store.js';
import { AreaField, Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { ExportForm } from './export-form.js';
import { drawnFrom, verdictWords } from './review-words.js';
import { Story } from './words.js';

const PATH = '/console/reviews';

interface ReviewProps {
  readonly language: Language;
  readonly review: Review;
  readonly judged: ReadonlyMap<number, Judgement>;
  readonly names: Names;
  readonly entries: readonly { readonly index: number; readonly entry: FoundEntry | undefined }[];
  /** The one that is judged now. */
  readonly shown?: FoundEntry;
  readonly story: readonly string[];
}

/** All is judged: what was found, and what comes next. */
function Done({ language, review, judged }: ReviewProps): JSX.Element {
  const say = sayIn(language);
  const questions = review.entries.filter((index) => judged.get(index)?.verdict === 'question');
  return (
    <div class="notice">
      <p>
        {say(
          '样本已全部评判。可在下表中重新打开任何一条。',
          'All of it is judged. Any entry below can be opened again.',
        )}
      </p>
      {questions.length === 0 ? null : (
        <p>
          {say('有疑问的记录：', 'In question: ')}
          {questions.map((index) => (
            <>
              <a href={`/console/entries/${index}?review=${review.id}`}>
                {say(`第 ${index} 条`, `entry ${index}`)}
              </a>{' '}
            </>
          ))}
          {say('，请会同使用单位核实。', ': to be settled with whoever used the data.')}
        </p>
      )}
      <p>
        <a href="#export">{say('导出抽查报告', 'Export the report')}</a>
        {say('；', '; ')}
        <a href={PATH}>{say('再抽一批', 'draw another')}</a>
      </p>
    </div>
  );
}

/** The entry at hand, and what is found of it. */
function AtHand(props: ReviewProps): JSX.Element {
  const { language, review, judged, shown, story } = props;
  const say = sayIn(language);
  if (shown === undefined) return <Done {...props} />;
  const { index } = shown;
  const before = judged.get(index);
  return (
    <section aria-labelledby="at-hand">
      <div class="head">
        <h2 id="at-hand">{say(`第 ${index} 条`, `Entry ${index}`)}</h2>
        <a class="quiet" href={`/console/entries/${index}?review=${review.id}`}>
          {say('查看全文与存证', 'All of it, with its proof')}
        </a>
      </div>
      <Story sentences={story} language={language} />
      <Form class="card pad judge" action={`${PATH}/${review.id}`} hidden={{ entry: String(index) }}>
        {before === undefined ? null : (
          <p>
            {say('此前评判：', 'Found before: ')}
            {verdictWords(before.verdict, language)}
          </p>
        )}
        <AreaField
          name="note"
          label={say('说明（有疑问时必填；加密保存并记入日志）', 'Note (needed for a question; sealed, and on record)')}
          rows={3}
          maxLength={500}
          value={before?.note ?? ''}
        />
        <p class="row">
          <button class="button" type="submit" name="verdict" value="fine">
            {say('无异常，看下一条', 'Nothing found: the next')}
          </button>
          <button class="quiet" type="submit" name="verdict" value="question">
            {say('有疑问，看下一条', 'In question: the next')}
          </button>
        </p>
      </Form>
    </section>
  );
}

export function reviewPage(props: ReviewProps): JSX.Element {
  const { language, review, judged, names, entries } = props;
  const say = sayIn(language);
  const few = review.entries.length < review.wanted;
  return (
    <>
      <p class="foot">
        <a href={PATH}>{say('← 抽查', '← Reviews')}</a>
      </p>
      <h1>{say('抽查', 'Review')}</h1>
      <p class="lead">
        {drawnFrom(review, names, language)}
        {say('；', '; ')}
        {say(
          `已评判 ${judged.size} 条，共 ${review.entries.length} 条`,
          `${judged.size} of ${review.entries.length} judged`,
        )}
        {few ? say(`（拟抽 ${review.wanted} 条，符合条件的不足）`, ` (${review.wanted} wanted; no more match)`) : ''}
      </p>
      <AtHand {...props} />
      <h2>{say('样本', 'The sample')}</h2>
      <div class="card scroll">
        <table>
          <thead>
            <tr>
              <th>{say('时间', 'Time')}</th>
              <th>{say('应用', 'Client')}</th>
              <th class="wide">{say('结果', 'Outcome')}</th>
              <th>{say('评判', 'Judged')}</th>
              <th class="wide">{say('说明', 'Note')}</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ index, entry }) => {
              const found = judged.get(index);
              return (
                <tr>
                  <td>
                    <a href={`${PATH}/${review.id}?entry=${index}`}>
                      {entry?.body.time === undefined ? index : localMinute(entry.body.time)}
                    </a>
                  </td>
                  <td>{names.client(entry?.body.client) ?? '–'}</td>
                  <td class="wide">{entry === undefined ? '–' : inOneLine(entry, language)}</td>
                  <td>
                    {found === undefined ? (
                      say('待评判', 'waits')
                    ) : (
                      <span class={found.verdict === 'fine' ? 'state ok' : 'state none'}>
                        {verdictWords(found.verdict, language)}
                      </span>
                    )}
                  </td>
                  <td class="wide">
                    {found?.by === undefined || found.note === undefined || found.note === ''
                      ? ''
                      : `${found.by}${say('：', ': ')}${found.note}`}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <section id="export">
        <ExportForm
          language={language}
          action={`${PATH}/${review.id}/export`}
          what={say('导出抽查（PDF 和表格含评判与说明）', 'Export: PDF and tables have judgements and notes')}
          first="pdf"
        />
      </section>
      <p class="foot">
        {say('样本依据：抽取时已公布的日志共', 'Drawn from the log of ')}
        {say(` ${review.size} 条，存证值 `, `${review.size} entries, root `)}
        <span class="mono exact">{review.root}</span>
      </p>
    </>
  );
}
