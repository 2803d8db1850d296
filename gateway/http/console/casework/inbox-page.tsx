/** What waits for the officer's authority, and its cases under way and closed. */

import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { OpenedCase } from '../../../procedures/cases/types.js';
import type { WaitingCounts, WaitingLine } from '../../../procedures/cases/waiting.js';
import { Pager } from '../../ui/pager.js';
import { numberOf, type Say, sayIn } from '../../ui/say.js';
import { Keys } from './keys.js';
import { Mark, phases, statuses, Term } from './words.js';

export const SHOWS = ['todo', 'over', 'asked', 'open', 'closed'] as const;
export type Show = (typeof SHOWS)[number];

interface InboxProps {
  readonly language: Language;
  /** Whose inbox it is, in words. */
  readonly authority: string;
  readonly ownId: string;
  readonly show: Show;
  /** One bundle only. */
  readonly bundle: string | undefined;
  readonly counts: WaitingCounts;
  readonly lines: readonly WaitingLine[];
  readonly cases: readonly OpenedCase[];
  readonly bundles: ReadonlyMap<string, Bundle>;
  /** Whether this is the first page. */
  readonly first: boolean;
  readonly next: string | undefined;
}

const PATH = '/console/casework';
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
  const { language, authority, show, bundle, counts, lines, cases, first, next } = props;
  const say = sayIn(language);
  const numbers: Readonly<Partial<Record<Show, string>>> = {
    todo: numeral(sum(counts.bundles.held)),
    over: `${numeral(counts.over)}${counts.more ? '+' : ''}`,
    asked: numeral(sum(counts.bundles.asked)),
  };
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
      <div class="card">
        {show === 'open' || show === 'closed' ? (
          <CaseTable {...props} cases={cases} say={say} />
        ) : (
          <LineTable {...props} lines={lines} say={say} />
        )}
      </div>
      <Pager
        back={{
          href: first ? undefined : addressOf(show, bundle),
          words: say('← 回到第一页', '← First page'),
          rel: 'prev',
        }}
        on={{
          href: next === undefined ? undefined : addressOf(show, bundle, next),
          words: say('下一页 →', 'Next →'),
          rel: 'next',
        }}
      />
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

const Nothing = ({ show, say }: Pick<Part, 'show' | 'say'>): JSX.Element => (
  <p class="empty">
    {show === 'todo'
      ? say('没有待办理的事项', 'There is nothing for you to decide.')
      : show === 'over'
        ? say('没有逾期的事项', 'Nothing is past its term.')
        : show === 'asked'
          ? say('没有等待申请人补正的事项', 'No applicant has been asked.')
          : say('没有办件', 'There are no cases.')}
  </p>
);

function LineTable({ language, show, lines, bundles, say }: Part): JSX.Element {
  if (lines.length === 0) return <Nothing show={show} say={say} />;
  return (
    <table class="stack inbox">
      <thead>
        <tr>
          <th scope="col">{say('事项', 'Item')}</th>
          <th scope="col">{say('期限', 'Due')}</th>
          <th scope="col">{say('状态', 'State')}</th>
          <th scope="col">{say('收到（北京时间）', 'Here since (UTC+8)')}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => {
          const bundle = bundles.get(line.bundle);
          return (
            <tr key={`${line.case} ${line.item ?? ''} ${line.task ?? ''}`}>
              <th scope="row">
                <a href={`${PATH}/${line.case}`} data-row>
                  {titleOf(line, bundle, language, say)}
                </a>
                <span class="plain">{bundle?.title[language] ?? say('已停用的事项', line.bundle)}</span>
                <span class="id exact">{numberOf(line.case)}</span>
              </th>
              <td>
                {line.term === undefined ? (
                  <span class="state none">{say('期限暂停', 'stands still')}</span>
                ) : (
                  <Term term={line.term} language={language} />
                )}
              </td>
              <td>
                <LineState line={line} say={say} />
              </td>
              <td data-title={say('收到', 'since')}>
                <time dateTime={new Date(line.since).toISOString()}>{localMinute(line.since)}</time>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function titleOf({ item, task }: WaitingLine, bundle: Bundle | undefined, language: Language, say: Say): string {
  const title = item === undefined ? bundle?.outcomes.get(task ?? '')?.title : bundle?.items.get(item)?.title;
  return title?.[language] ?? say('已停用的事项', item ?? task ?? '');
}

function LineState({ line, say }: { readonly line: WaitingLine; readonly say: Say }): JSX.Element {
  const [css, text] =
    line.task !== undefined
      ? ['warn', say('后续任务', 'task')]
      : line.group === 'asked'
        ? ['none', say('待申请人补正', 'applicant asked')]
        : line.given
          ? ['ok', say('已补正，待审批', 'supplement given')]
          : ['none', say('待审批', 'to decide')];
  return <span class={`state ${css}`}>{text}</span>;
}

function CaseTable({ language, show, cases, ownId, bundles, say }: Part): JSX.Element {
  if (cases.length === 0) return <Nothing show={show} say={say} />;
  return (
    <table class="stack inbox">
      <thead>
        <tr>
          <th scope="col">{say('办件', 'Case')}</th>
          <th scope="col">{say('整体状态', 'State')}</th>
          <th scope="col">{say('本单位事项', 'Own items')}</th>
          <th scope="col">{say('提交（北京时间）', 'Submitted (UTC+8)')}</th>
        </tr>
      </thead>
      <tbody>
        {cases.map(({ id, state }) => {
          const bundle = bundles.get(state.bundle);
          const own = Object.entries(state.plan?.items ?? {}).filter(([, { authority }]) => authority === ownId);
          const at = state.submittedAt ?? state.at;
          return (
            <tr key={id}>
              <th scope="row">
                <a href={`${PATH}/${id}`} data-row>
                  {bundle?.title[language] ?? say('已停用的事项', state.bundle)}
                </a>
                <span class="id exact">{numberOf(id)}</span>
              </th>
              <td>
                <Mark of={phases[state.phase]} language={language} />
              </td>
              <td>
                <ul class="own-items">
                  {own.map(([item]) => (
                    <li key={item}>
                      {bundle?.items.get(item)?.title[language] ?? say('已停用的事项', item)}{' '}
                      <Mark of={statuses[state.items[item]?.status ?? 'waiting']} language={language} />
                    </li>
                  ))}
                </ul>
              </td>
              <td data-title={say('提交', 'submitted')}>
                <time dateTime={new Date(at).toISOString()}>{localMinute(at)}</time>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
