/** Lists of an officer: what waits item by item, and whole cases. */

import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { OpenedCase } from '../../../procedures/cases/types.js';
import type { WaitingLine } from '../../../procedures/cases/waiting.js';
import type { Column } from '../../ui/list.js';
import type { Listing } from '../../ui/listing.js';
import { numberOf, type Say, sayIn } from '../../ui/say.js';
import { PATH } from './desk.js';
import { DueDay, Left, Mark, phases, statuses } from './words.js';

type Bundles = ReadonlyMap<string, Bundle>;

const bundleTitle = (bundles: Bundles, id: string, language: Language): string =>
  bundles.get(id)?.title[language] ?? (language === 'zh' ? '已停用的事项' : id);

function titleOf(bundles: Bundles, { bundle: id, item, task }: WaitingLine, language: Language): string {
  const bundle = bundles.get(id);
  const title = item === undefined ? bundle?.outcomes.get(task ?? '')?.title : bundle?.items.get(item)?.title;
  return title?.[language] ?? (language === 'zh' ? '已停用的事项' : (item ?? task ?? ''));
}

/** What is to be done with a line, in a word. */
function stateOf({ task, group, given }: WaitingLine, say: Say): readonly [id: string, css: string, words: string] {
  if (task !== undefined) return ['task', 'warn', say('后续任务', 'task')];
  if (group === 'asked') return ['asked', 'none', say('待申请人补正', 'applicant asked')];
  return given
    ? ['given', 'ok', say('已补正，待审批', 'supplement given')]
    : ['decide', 'none', say('待审批', 'to decide')];
}

const Moment = ({ at }: { readonly at: number }): JSX.Element => (
  <time dateTime={new Date(at).toISOString()}>{localMinute(at)}</time>
);

/** What waits for an authority: an item or a task a line. */
export function waitingListing(language: Language, bundles: Bundles): Listing<WaitingLine> {
  const say = sayIn(language);
  return {
    id: 'casework',
    path: PATH,
    columns: waitingColumns(language, bundles),
    keyOf: (line) => `${line.case} ${line.item ?? ''} ${line.task ?? ''}`,
    words: {
      title: { zh: '事项、编号', en: 'Item, number' },
      of: (line) => [
        titleOf(bundles, line, language),
        bundleTitle(bundles, line.bundle, language),
        line.case,
        numberOf(line.case),
      ],
    },
    choices: [
      {
        id: 'state',
        title: { zh: '状态', en: 'State' },
        of: (line) => {
          const [value, , title] = stateOf(line, say);
          return [{ value, title }];
        },
      },
    ],
    period: { title: { zh: '收到', en: 'Arrived' }, at: ({ since }) => since },
  };
}

function waitingColumns(language: Language, bundles: Bundles): readonly Column<WaitingLine>[] {
  const say = sayIn(language);
  return [
    {
      id: 'item',
      title: { zh: '事项', en: 'Item' },
      head: true,
      sorts: true,
      value: (line) => `${titleOf(bundles, line, language)} · ${numberOf(line.case)}`,
      cell: (line) => (
        <>
          <a href={`${PATH}/${line.case}`} data-row>
            {titleOf(bundles, line, language)}
          </a>
          <span class="id exact">{numberOf(line.case)}</span>
        </>
      ),
    },
    {
      id: 'matter',
      title: { zh: '所属一件事', en: 'Matter' },
      sorts: true,
      value: ({ bundle }) => bundleTitle(bundles, bundle, language),
      cell: ({ bundle }) => bundleTitle(bundles, bundle, language),
    },
    {
      id: 'due',
      title: { zh: '期限', en: 'Due' },
      sorts: true,
      value: ({ term }) => term?.due.day,
      cell: ({ term }) =>
        term === undefined ? (
          <span class="soft">{say('暂停计算', 'stands still')}</span>
        ) : (
          <span class="term">
            <DueDay term={term} language={language} />
          </span>
        ),
    },
    {
      id: 'left',
      title: { zh: '剩余工作日', en: 'Working days left' },
      sorts: true,
      // who is over on the very day has less left than who is due on it
      value: ({ term }) => (term === undefined ? undefined : term.over && term.left === 0 ? -1 : term.left),
      cell: ({ term }) => (term === undefined ? '–' : <Left term={term} language={language} />),
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      sorts: true,
      value: (line) => stateOf(line, say)[2],
      cell: (line) => {
        const [, css, words] = stateOf(line, say);
        return <span class={`state ${css}`}>{words}</span>;
      },
    },
    {
      id: 'since',
      title: { zh: '收到（北京时间）', en: 'Here since (UTC+8)' },
      sorts: true,
      value: ({ since }) => localMinute(since),
      cell: ({ since }) => <Moment at={since} />,
    },
  ];
}

const broughtAt = ({ state }: OpenedCase): number => state.submittedAt ?? state.at;

/** Cases under way and closed, of which an authority has some items. */
export function casesListing(language: Language, bundles: Bundles, authority: string): Listing<OpenedCase> {
  return {
    id: 'casework-cases',
    path: PATH,
    columns: caseColumns(language, bundles, authority),
    keyOf: ({ id }) => id,
    words: {
      title: { zh: '一件事、编号', en: 'Matter, number' },
      of: ({ id, state }) => [bundleTitle(bundles, state.bundle, language), id, numberOf(id)],
    },
    choices: [
      {
        id: 'phase',
        title: { zh: '整体状态', en: 'State' },
        of: ({ state }) => [{ value: state.phase, title: phases[state.phase][language] }],
      },
    ],
    period: { title: { zh: '提交', en: 'Submitted' }, at: broughtAt },
  };
}

function caseColumns(language: Language, bundles: Bundles, authority: string): readonly Column<OpenedCase>[] {
  const ownOf = ({ state }: OpenedCase) =>
    Object.entries(state.plan?.items ?? {})
      .filter(([, planned]) => planned.authority === authority)
      .map(([item]) => ({
        item,
        title: bundles.get(state.bundle)?.items.get(item)?.title[language] ?? bundleTitle(new Map(), item, language),
        status: statuses[state.items[item]?.status ?? 'waiting'],
      }));
  return [
    {
      id: 'case',
      title: { zh: '办件', en: 'Case' },
      head: true,
      sorts: true,
      value: ({ id, state }) => `${bundleTitle(bundles, state.bundle, language)} · ${numberOf(id)}`,
      cell: ({ id, state }) => (
        <>
          <a href={`${PATH}/${id}`} data-row>
            {bundleTitle(bundles, state.bundle, language)}
          </a>
          <span class="id exact">{numberOf(id)}</span>
        </>
      ),
    },
    {
      id: 'phase',
      title: { zh: '整体状态', en: 'State' },
      sorts: true,
      value: ({ state }) => phases[state.phase][language],
      cell: ({ state }) => <Mark of={phases[state.phase]} language={language} />,
    },
    {
      id: 'own',
      title: { zh: '本单位事项', en: 'Own items' },
      value: (one) =>
        ownOf(one)
          .map(({ title, status }) => `${title} ${status[language]}`)
          .join(language === 'zh' ? '；' : '; '),
      cell: (one) => (
        <ul class="own-items">
          {ownOf(one).map(({ item, title, status }) => (
            <li key={item}>
              {title} <Mark of={status} language={language} />
            </li>
          ))}
        </ul>
      ),
    },
    {
      id: 'at',
      title: { zh: '提交（北京时间）', en: 'Submitted (UTC+8)' },
      sorts: true,
      value: (one) => localMinute(broughtAt(one)),
      cell: (one) => <Moment at={broughtAt(one)} />,
    },
  ];
}
