/** Reviews: how far each is, and one entry after the other with its story. */
import type { JSX } from 'preact';
import { inOneLine } from '../../../documents/words/entry.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { FoundEntry } from '../../../log/search/index.js';
import type { Judgement, Review, Reviews } from '../../../procedures/reviews/store.js';
import { AreaField, ChoiceField, Form } from '../../ui/form.js';
import { USUAL_PERIOD } from './periods.js';
import { Story } from './words.js';

type Listed = Awaited<ReturnType<Reviews['list']>>[number];
type Options = readonly { readonly value: string; readonly title: string }[];

const PATH = '/console/reviews';
const FILTERED = ['client', 'dataset', 'authority'] as const;
const LABELS: Readonly<Record<(typeof FILTERED)[number], readonly [zh: string, en: string]>> = {
  client: ['应用', 'Client'],
  dataset: ['数据集', 'Dataset'],
  authority: ['使用单位', 'Consumer authority'],
};

interface ReviewsProps {
  readonly language: Language;
  readonly reviews: readonly Listed[];
  readonly names: Names;
  readonly periods: readonly string[];
  readonly lists: Readonly<Record<(typeof FILTERED)[number], Options>>;
}

/** What was drawn from, in words. */
function drawnFrom({ filters }: Review, names: Names, language: Language): string {
  const zh = language === 'zh';
  const day = (text: string | undefined): string => (text ?? '').replace('T', ' ');
  const until = filters['until'] === undefined ? (zh ? '抽取时' : 'the drawing') : day(filters['until']);
  const period = zh ? `${day(filters['since'])}至${until}` : `${day(filters['since'])} to ${until}`;
  const of = FILTERED.flatMap((name) => (filters[name] === undefined ? [] : [names[name](filters[name]) ?? '–']));
  return [period, ...of].join(zh ? '，' : ', ');
}

export function reviewsPage({ language, reviews, names, periods, lists }: ReviewsProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const all = { value: '', title: say('全部', 'all') };
  return (
    <>
      <h1>{say('抽查', 'Reviews')}</h1>
      <p class="lead">
        {say(
          '随机抽取一批数据使用记录，逐条评判。样本由已公布日志的存证值决定，任何人不能挑选，事后可以重新推算。',
          'A sample of answers, judged one by one. The published log decides what is drawn: nobody can choose, and ' +
            'anybody can draw it again.',
        )}
      </p>
      <Form class="filters card pad" action={PATH}>
        <ChoiceField
          name="period"
          label={say('时间范围', 'Period')}
          value={USUAL_PERIOD}
          options={periods.map((title, i) => ({ value: String(i), title }))}
        />
        {FILTERED.map((name) => (
          <ChoiceField name={name} label={LABELS[name][zh ? 0 : 1]} value="" options={[all, ...lists[name]]} />
        ))}
        <ChoiceField
          name="wanted"
          label={say('抽取条数', 'How many')}
          value="10"
          options={['5', '10', '20', '50'].map((value) => ({ value, title: value }))}
        />
        <div class="row">
          <button class="button" type="submit">
            {say('抽取', 'Draw')}
          </button>
        </div>
      </Form>
      <div class="card scroll">
        {reviews.length === 0 ? (
          <p class="empty">{say('尚未抽查。', 'No review yet.')}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th>{say('抽取时间', 'Drawn')}</th>
                <th class="wide">{say('范围', 'From')}</th>
                <th class="n">{say('已评判', 'Judged')}</th>
                <th class="n">{say('有疑问', 'In question')}</th>
              </tr>
            </thead>
            <tbody>
              {reviews.map((one) => (
                <tr>
                  <td>
                    <a href={`${PATH}/${one.id}`}>{localMinute(one.at)}</a>
                  </td>
                  <td class="wide">{drawnFrom(one, names, language)}</td>
                  <td class="n">
                    {one.judged} / {one.entries.length}
                  </td>
                  <td class="n">{one.questions}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}

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

const verdictWords = (verdict: Judgement['verdict'], language: Language): string =>
  verdict === 'fine' ? (language === 'zh' ? '无异常' : 'nothing found') : language === 'zh' ? '有疑问' : 'in question';

/** The entry at hand, and what is found of it. */
function AtHand({ language, review, judged, shown, story }: ReviewProps): JSX.Element {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  if (shown === undefined)
    return (
      <p class="notice">
        {say(
          '样本已全部评判。可在下表中重新打开任何一条。',
          'All of it is judged. Any entry below can be opened again.',
        )}
      </p>
    );
  const { index } = shown;
  const before = judged.get(index);
  return (
    <section aria-labelledby="at-hand">
      <div class="head">
        <h2 id="at-hand">{say(`第 ${index} 条`, `Entry ${index}`)}</h2>
        <a class="quiet" href={`/console/entries/${index}`}>
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
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  const few = review.entries.length < review.wanted;
  return (
    <>
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
                      <span class={found.verdict === 'fine' ? 'state ok' : 'state warn'}>
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
      <p class="foot">
        {say('样本依据：抽取时已公布的日志共', 'Drawn from the log of ')}
        {say(` ${review.size} 条，存证值 `, `${review.size} entries, root `)}
        <span class="mono exact">{review.root}</span>
      </p>
    </>
  );
}
