/** All reviews: how far each is, and the form that draws another one. */
import type { JSX } from 'preact';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { Reviews } from '../../../procedures/reviews/store.js';
import { ChoiceField, Form } from '../../ui/form.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { QUESTION_LABELS } from '../../ui/question-words.js';
import { sayIn } from '../../ui/say.js';
import { USUAL_PERIOD } from './periods.js';
import { drawnFrom, FILTERED } from './review-words.js';

type DrawnReview = Awaited<ReturnType<Reviews['list']>>[number];
type Options = readonly { readonly value: string; readonly title: string }[];

const PATH = '/console/reviews';
/** As many as the store lists. */
const LISTED = 100;

interface ReviewsProps {
  readonly language: Language;
  readonly reviews: Listed<DrawnReview>;
  readonly periods: readonly string[];
  readonly lists: Readonly<Record<(typeof FILTERED)[number], Options>>;
}

/** What there is of a review, and by what reviews are narrowed. */
export function reviewListing(language: Language, names: Names): Listing<DrawnReview> {
  const say = sayIn(language);
  return {
    id: 'reviews',
    path: PATH,
    columns: columnsOf(language, names),
    keyOf: ({ id }) => id,
    words: { title: { zh: '抽查范围', en: 'Drawn from' }, of: (one) => [drawnFrom(one, names, language)] },
    choices: [
      {
        id: 'state',
        title: { zh: '状态', en: 'State' },
        options: [
          { value: 'open', title: say('评判中', 'under way') },
          { value: 'done', title: say('已完成', 'done') },
          { value: 'question', title: say('有疑问', 'in question') },
        ],
        of: ({ judged, entries, questions }) =>
          [judged < entries.length ? 'open' : 'done', ...(questions > 0 ? ['question'] : [])].map((value) => ({
            value,
            title: '',
          })),
      },
    ],
    period: { title: { zh: '抽取时间', en: 'Drawn' }, at: ({ at }) => at },
  };
}

function columnsOf(language: Language, names: Names): readonly Column<DrawnReview>[] {
  const say = sayIn(language);
  const stateOf = ({ judged, entries }: DrawnReview): string =>
    judged < entries.length ? say('评判中', 'under way') : say('已完成', 'done');
  return [
    {
      id: 'drawn',
      title: { zh: '抽取时间', en: 'Drawn' },
      head: true,
      sorts: true,
      value: ({ at }) => localMinute(at),
      cell: ({ id, at }) => <a href={`${PATH}/${id}`}>{localMinute(at)}</a>,
    },
    {
      id: 'from',
      title: { zh: '范围', en: 'From' },
      wide: true,
      value: (one) => drawnFrom(one, names, language),
      cell: (one) => drawnFrom(one, names, language),
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      wide: true,
      sorts: true,
      value: stateOf,
      cell: (one) => <span class={one.judged < one.entries.length ? 'state none' : 'state ok'}>{stateOf(one)}</span>,
    },
    {
      id: 'judged',
      title: { zh: '已评判', en: 'Judged' },
      number: true,
      sorts: true,
      value: ({ judged }) => judged,
      cell: ({ judged, entries }) => `${judged} / ${entries.length}`,
    },
    {
      id: 'questions',
      title: { zh: '有疑问', en: 'In question' },
      number: true,
      sorts: true,
      value: ({ questions }) => questions,
      cell: ({ questions }) => String(questions),
    },
  ];
}

function DrawForm({ language, periods, lists }: ReviewsProps): JSX.Element {
  const say = sayIn(language);
  const all = { value: '', title: say('全部', 'all') };
  return (
    <Form class="filters card pad" action={PATH}>
      <ChoiceField
        name="period"
        label={say('时间范围', 'Period')}
        value={USUAL_PERIOD}
        options={periods.map((title, i) => ({ value: String(i), title }))}
      />
      {FILTERED.map((name) => (
        <ChoiceField name={name} label={QUESTION_LABELS[name][language]} value="" options={[all, ...lists[name]]} />
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
  );
}

export function reviewsPage(props: ReviewsProps): JSX.Element {
  const { language, reviews } = props;
  const say = sayIn(language);
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
      <DrawForm {...props} />
      <h2>{say('抽查记录', 'What was drawn')}</h2>
      <ListOf
        listed={reviews}
        empty={say(
          '尚未抽查。在上方选择时间范围和条数，按“抽取”开始。',
          'No review yet: choose a period and a number above, and draw.',
        )}
      />
      {reviews.of < LISTED ? null : (
        <p class="foot">
          {say(
            `显示最近 ${LISTED} 次；更早的抽查在日志中，可按“抽取抽查样本”检索。`,
            `The newest ${LISTED} are shown; earlier ones are in the log.`,
          )}{' '}
          <a href="/console/search?type=looked&action=review_drawn">{say('检索', 'Search')}</a>
        </p>
      )}
    </>
  );
}
