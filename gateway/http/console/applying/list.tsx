/** The cases of whoever applies: drafts to go on with first, then what is under way, then what is over. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { CaseMessage } from '../../../procedures/cases/store.js';
import type { Cases, OpenedCase } from '../../../procedures/cases/types.js';
import type { Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { numberOf, type Say, sayIn } from '../../ui/say.js';
import { PATH, subjectWords } from './desk.js';
import { actWords, dateWords, phaseOf } from './words.js';

export interface CaseRow {
  readonly found: OpenedCase;
  readonly subject: string;
}

interface ListProps {
  readonly language: Language;
  readonly bundles: Cases['bundles'];
  readonly cases: Listed<CaseRow>;
  /** Somebody speaks for several: each case says for whom. */
  readonly isSeveral: boolean;
  readonly messages: readonly CaseMessage[];
  readonly nameOf: (authority: string, region?: string) => string;
  readonly isSaved: boolean;
}

type Group = 'draft' | 'open' | 'over';
const groupOf = ({ found: { state, over } }: CaseRow): Group =>
  state.phase === 'draft' ? 'draft' : over ? 'over' : 'open';
const groups: Readonly<Record<Group, Localised>> = {
  draft: { zh: '草稿', en: 'drafts' },
  open: { zh: '办理中', en: 'under way' },
  over: { zh: '已结束', en: 'over' },
};
const RANKS: readonly Group[] = ['draft', 'open', 'over'];

/** Drafts to go on with first, then what is under way, then what is over; of each the newest first. */
export const caseOrder = (a: CaseRow, b: CaseRow): number =>
  RANKS.indexOf(groupOf(a)) - RANKS.indexOf(groupOf(b)) || b.found.state.openedAt - a.found.state.openedAt;

const beganAt = ({ found: { state } }: CaseRow): number => state.submittedAt ?? state.openedAt;

/** What there is of a case, and by what one's own cases are narrowed. */
export function caseListing(language: Language, bundles: Cases['bundles'], isSeveral: boolean): Listing<CaseRow> {
  const say = sayIn(language);
  const titleOf = ({ found }: CaseRow): string =>
    bundles.get(found.state.bundle)?.title[language] ?? say('其他事项', 'another matter');
  return {
    id: 'matters',
    path: PATH,
    columns: columnsOf(language, titleOf, isSeveral),
    keyOf: ({ found }) => found.id,
    page: 20,
    words: {
      title: { zh: '事项、编号', en: 'Matter, number' },
      of: (row) => [titleOf(row), row.found.id, numberOf(row.found.id)],
    },
    choices: [
      {
        id: 'group',
        title: { zh: '进度', en: 'How far' },
        options: RANKS.map((value) => ({ value, title: groups[value][language] })),
        of: (row) => [{ value: groupOf(row), title: '' }],
      },
      {
        id: 'turn',
        title: { zh: '待您办理', en: 'Your turn' },
        options: [{ value: 'mine', title: say('是', 'yes') }],
        of: (row) => (turnOf(row, say) === undefined ? [] : [{ value: 'mine', title: '' }]),
      },
    ],
    period: { title: { zh: '开始或者提交', en: 'Begun or submitted' }, at: beganAt },
  };
}

/** What is to be done on it now, in a word. */
function turnOf({ found: { acts, state, over } }: CaseRow, say: Say): string | undefined {
  if (over) return undefined;
  if (state.phase === 'draft') return say('继续填写', 'go on with it');
  if (acts.some(({ act }) => act === 'give')) return say('请补正', 'give a supplement');
  return acts.some(({ act }) => act === 'step') ? say('请办理', 'your turn') : undefined;
}

function progressOf({ found: { state, over } }: CaseRow, say: Say): string | undefined {
  const items = Object.values(state.items);
  if (items.length === 0 || over) return undefined;
  const done = items.filter(({ status }) => !['waiting', 'held', 'supplement', 'prepared'].includes(status)).length;
  return say(`${items.length}项中已办${done}项`, `${done} of ${items.length} done`);
}

function columnsOf(
  language: Language,
  titleOf: (row: CaseRow) => string,
  isSeveral: boolean,
): readonly Column<CaseRow>[] {
  const say = sayIn(language);
  const phase = ({ found: { state, over } }: CaseRow) => phaseOf(state, over);
  return [
    {
      id: 'matter',
      title: { zh: '事项', en: 'Matter' },
      head: true,
      sorts: true,
      value: titleOf,
      cell: (row) => (
        <>
          <a href={`${PATH}/${row.found.id}`}>
            <b>{titleOf(row)}</b>
          </a>
          <span class="id exact">{numberOf(row.found.id)}</span>
          {isSeveral ? <span class="code">{subjectWords(row.subject)}</span> : null}
        </>
      ),
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      sorts: true,
      value: (row) => phase(row)[language],
      cell: (row) => {
        const { css, ...words } = phase(row);
        const turn = turnOf(row, say);
        return (
          <>
            {turn === undefined ? null : <span class="state warn">{turn}</span>}{' '}
            {groupOf(row) === 'draft' ? null : <span class={`state ${css}`}>{words[language]}</span>}
          </>
        );
      },
    },
    {
      id: 'progress',
      title: { zh: '进展', en: 'Progress' },
      value: (row) => progressOf(row, say),
      cell: (row) => progressOf(row, say) ?? '–',
    },
    {
      id: 'began',
      title: { zh: '开始或者提交', en: 'Begun or submitted' },
      sorts: true,
      value: (row) => localMinute(beganAt(row)),
      cell: ({ found: { state } }) =>
        state.submittedAt === undefined
          ? say(`${dateWords(state.openedAt, 'zh')}开始`, `begun ${dateWords(state.openedAt, 'en')}`)
          : say(`${dateWords(state.submittedAt, 'zh')}提交`, `submitted ${dateWords(state.submittedAt, 'en')}`),
    },
  ];
}

export function listPage(props: ListProps): JSX.Element {
  const { language, cases, isSaved } = props;
  const say = sayIn(language);
  return (
    <div class="apply">
      <div class="head">
        <h1>{say('我的办件', 'My cases')}</h1>
        <a class="button" href="/matters">
          {say('办理新事项', 'Begin another')}
        </a>
      </div>
      {isSaved ? (
        <p class="notice" role="status">
          {say('草稿已保存，可以随时回来继续填写。', 'The draft is saved: come back to it whenever you like.')}
        </p>
      ) : null}
      <ListOf
        listed={cases}
        class="stack own-cases"
        empty={
          <>
            {say('还没有办件。', 'There are none yet.')}{' '}
            <a href="/matters">{say('看看能办什么', 'See what can be done')}</a>
          </>
        }
      />
      <Messages {...props} />
    </div>
  );
}

/** What was told, of all of them. */
function Messages({ language, messages, bundles, isSeveral }: ListProps): JSX.Element | null {
  const say = sayIn(language);
  if (messages.length === 0) return null;
  return (
    <section>
      <h2>{say('消息', 'Messages')}</h2>
      <ol class="card told" data-several={isSeveral}>
        {messages.map(({ case: id, bundle, event, at, act, item, phase }) => (
          <li key={`${id} ${event}`}>
            <time dateTime={new Date(at).toISOString()}>{localMinute(at)}</time>
            <span>
              <a href={`${PATH}/${id}`}>{bundles.get(bundle)?.title[language] ?? ''}</a>
              {say('：', ': ')}
              <b>{phase === 'delivered' && act === 'step' ? say('已办结', 'done') : actWords(act, language)}</b>
              {item === undefined ? null : (
                <span class="soft"> {bundles.get(bundle)?.items.get(item)?.title[language] ?? ''}</span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
