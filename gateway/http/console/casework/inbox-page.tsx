/** What waits for the officer's authority, and its cases under way and closed. */

import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { OpenedCase } from '../../../procedures/cases/types.js';
import type { WaitingCounts, WaitingLine } from '../../../procedures/cases/waiting.js';
import { type Listed, ListOf } from '../../ui/listing.js';
import { type Say, sayIn } from '../../ui/say.js';
import { PATH } from './desk.js';
import { Keys } from './keys.js';

export const SHOWS = ['todo', 'over', 'asked', 'open', 'closed'] as const;
export type Show = (typeof SHOWS)[number];

interface InboxProps {
  readonly language: Language;
  /** Whose inbox it is, in words. */
  readonly authority: string;
  readonly show: Show;
  /** One bundle only. */
  readonly bundle: string | undefined;
  readonly counts: WaitingCounts;
  readonly list:
    | { readonly of: 'lines'; readonly listed: Listed<WaitingLine> }
    | { readonly of: 'cases'; readonly listed: Listed<OpenedCase> };
  readonly bundles: ReadonlyMap<string, Bundle>;
  /** So many are looked at together. */
  readonly most: number;
  /** Whether this is their first part. */
  readonly first: boolean;
  /** Where their next part begins. */
  readonly next: string | undefined;
}

const addressOf = (show: Show, bundle?: string, after?: string): string => {
  const query = new URLSearchParams({
    ...(show === 'todo' ? {} : { show }),
    ...(bundle === undefined ? {} : { matter: bundle }),
    ...(after === undefined ? {} : { after }),
  }).toString();
  return query === '' ? PATH : `${PATH}?${query}`;
};

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((all, n) => all + n, 0);
const numeral = (n: number): string => n.toLocaleString('en');

const names: Readonly<Record<Show, { readonly zh: string; readonly en: string }>> = {
  todo: { zh: '待办理', en: 'To decide' },
  over: { zh: '已逾期', en: 'Overdue' },
  asked: { zh: '待补正', en: 'Applicant asked' },
  open: { zh: '在办件', en: 'Cases under way' },
  closed: { zh: '已结件', en: 'Closed' },
};

export function inboxPage(props: InboxProps): JSX.Element {
  const { language, authority, show, counts, list } = props;
  const say = sayIn(language);
  const numbers: Readonly<Partial<Record<Show, string>>> = {
    todo: numeral(sum(counts.bundles.held)),
    over: `${numeral(counts.over)}${counts.more ? '+' : ''}`,
    asked: numeral(sum(counts.bundles.asked)),
  };
  const empty = nothing(show, say);
  return (
    <>
      <div class="head">
        <h1>{say('待办事项', 'Inbox')}</h1>
        <Keys
          language={language}
          keys={[
            ['j / k', say('下一项、上一项', 'next, previous')],
            ['Enter', say('打开', 'open')],
            ['1 – 5', say('切换列表', 'lists')],
          ]}
        />
      </div>
      <p class="lead">
        {say(
          `${authority}承办的事项，最先到期的在前；期限按事项规定的工作日或自然日计算。`,
          `What ${authority} has to decide, what runs out first in front. Terms are as each item declares them.`,
        )}
      </p>
      {counts.over > 0 && show === 'todo' ? (
        <p class="notice bad" role="status">
          <a href={addressOf('over')}>
            {say(
              `${numbers.over} 项已超过办理期限`,
              `${numbers.over} ${counts.over === 1 ? 'item is' : 'items are'} past the term`,
            )}
          </a>
        </p>
      ) : null}
      <nav class="pills" aria-label={say('列表', 'Lists')}>
        {SHOWS.map((one, at) => (
          <a href={addressOf(one)} aria-current={one === show ? 'true' : undefined} data-key={String(at + 1)} key={one}>
            {names[one][language]} {numbers[one] ?? ''}
          </a>
        ))}
      </nav>
      <Matters {...props} say={say} />
      {list.of === 'lines' ? (
        <ListOf listed={list.listed} class="stack inbox" empty={empty} />
      ) : (
        <ListOf listed={list.listed} class="stack inbox" empty={empty} />
      )}
      <Parts {...props} say={say} />
    </>
  );
}

type Part = InboxProps & { readonly say: Say };

/** One matter only. */
function Matters({ language, show, bundle, counts, bundles, say }: Part): JSX.Element | null {
  if (show === 'open' || show === 'closed') return null;
  const waiting = counts.bundles[show === 'asked' ? 'asked' : 'held'];
  if (waiting.size < 2 && bundle === undefined) return null;
  const all = [...new Set([...waiting.keys(), ...(bundle === undefined ? [] : [bundle])])];
  return (
    <nav class="pills small" aria-label={say('按一件事筛选', 'By matter')}>
      <a href={addressOf(show)} aria-current={bundle === undefined ? 'true' : undefined}>
        {say('全部', 'All')}
      </a>
      {all.map((id) => (
        <a href={addressOf(show, id)} aria-current={bundle === id ? 'true' : undefined} key={id}>
          {bundles.get(id)?.title[language] ?? say('已停用的事项', id)}{' '}
          {show === 'over' ? '' : numeral(waiting.get(id) ?? 0)}
        </a>
      ))}
    </nav>
  );
}

/** Of very many, so many are sorted and narrowed together: which these are, and where the others stand. */
function Parts({ show, bundle, most, first, next, say }: Part): JSX.Element | null {
  if (first && next === undefined) return null;
  const many = numeral(most);
  return (
    <p class="foot">
      {first
        ? show === 'closed'
          ? say(
              `以上按最新提交的 ${many} 件排序和筛选。`,
              `The ${many} submitted last are sorted and narrowed together. `,
            )
          : say(`以上按最先到期的 ${many} 项排序和筛选。`, `The ${many} in front are sorted and narrowed together. `)
        : say(`以上为其后的部分，每部分至多 ${many} 项。`, `This is a later part of at most ${many}. `)}
      {first ? null : <a href={addressOf(show, bundle)}>{say('回到最前', 'Back to the first')}</a>}{' '}
      {next === undefined ? null : (
        <a href={addressOf(show, bundle, next)}>{say('查看其后的部分', 'See what comes after')}</a>
      )}
    </p>
  );
}

const nothing = (show: Show, say: Say): string =>
  show === 'todo'
    ? say('没有待办理的事项', 'There is nothing for you to decide.')
    : show === 'over'
      ? say('没有逾期的事项', 'Nothing is past its term.')
      : show === 'asked'
        ? say('没有等待申请人补正的事项', 'No applicant has been asked.')
        : say('没有办件', 'There are no cases.');
