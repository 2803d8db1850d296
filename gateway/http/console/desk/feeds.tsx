/** The feeds of one authority: which are fresh, which hold something back. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Id } from '../../ui/id.js';
import { addressOf, type Column, ListTable, ListTools } from '../../ui/list.js';
import type { ListState } from '../../ui/list-state.js';
import { state as stateNames } from '../home/page.js';
import { type FeedFacts, FeedState, scheduleWords } from './feed.js';

export interface ListedFeed extends FeedFacts {
  /** Rows that are held back. */
  readonly quarantined: number;
}

interface FeedsProps {
  readonly language: Language;
  readonly authority: string;
  /** All of them. */
  readonly feeds: readonly ListedFeed[];
  /** Those that are listed, in their order. */
  readonly rows: readonly ListedFeed[];
  readonly state: ListState;
}

const PATH = '/console/feeds';
const count = (n: number): string => n.toLocaleString('en');

export const feedColumns = (language: Language): readonly Column<ListedFeed>[] => [
  {
    id: 'name',
    title: { zh: '数据集', en: 'Dataset' },
    head: true,
    sorts: true,
    value: ({ name }) => name[language],
    cell: ({ id, name }) => (
      <>
        <a href={`${PATH}/${id}`}>{name[language]}</a>
        <Id language={language}>{id}</Id>
      </>
    ),
  },
  {
    id: 'state',
    title: { zh: '状态', en: 'State' },
    sorts: true,
    value: ({ status }) => stateNames[status][language],
    cell: (feed) => <FeedState facts={feed} language={language} />,
  },
  {
    id: 'seen',
    title: { zh: '数据时间（北京时间）', en: 'Seen up to (UTC+8)' },
    wide: true,
    sorts: true,
    value: ({ sourceTime }) => (sourceTime === undefined ? undefined : localMinute(sourceTime)),
    cell: ({ sourceTime }) => (sourceTime === undefined ? '–' : localMinute(sourceTime)),
  },
  {
    id: 'run',
    title: { zh: '最近读取', en: 'Last run' },
    wide: true,
    sorts: true,
    value: ({ lastRun }) => (lastRun === undefined ? undefined : localMinute(lastRun.at)),
    cell: ({ lastRun }) => (lastRun === undefined ? '–' : localMinute(lastRun.at)),
  },
  {
    id: 'schedule',
    title: { zh: '读取方式', en: 'Schedule' },
    wide: true,
    value: ({ schedule }) => scheduleWords(schedule, language),
    cell: ({ schedule }) => scheduleWords(schedule, language),
  },
  {
    id: 'records',
    title: { zh: '记录', en: 'Records' },
    wide: true,
    number: true,
    sorts: true,
    value: ({ records }) => records,
    cell: ({ records }) => count(records),
  },
  {
    id: 'held',
    title: { zh: '未通过校验', en: 'Held back' },
    number: true,
    sorts: true,
    value: ({ quarantined }) => quarantined,
    cell: ({ id, quarantined }) => (quarantined === 0 ? '–' : <a href={`${PATH}/${id}`}>{count(quarantined)}</a>),
  },
];

const idOf = ({ id }: ListedFeed): string => id;

export function feedsPage({ language, authority, feeds, rows, state }: FeedsProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const quarantined = feeds.reduce((sum, feed) => sum + feed.quarantined, 0);
  const list = { language, columns: feedColumns(language), rows, state, path: PATH, keeps: {}, keyOf: idOf };
  return (
    <>
      <div class="head">
        <h1>{say('本单位数据源', 'My feeds')}</h1>
        <a class="quiet" href={`${PATH}/new`}>
          {say('以样表新增数据集', 'A new dataset from a sample')}
        </a>
      </div>
      <p class="lead">
        {say(
          `${authority}发布的数据集：更新状态、最近读取时间、未通过校验的数据行数。`,
          `What ${authority} publishes: how fresh it is, when it was last read, and what was held back.`,
        )}
      </p>
      <div class="tiles">
        <div class="tile">
          <b>{feeds.length}</b>
          <span>{say('数据集总数', 'datasets')}</span>
        </div>
        <div class="tile">
          <b>{feeds.filter(({ status }) => status === 'current').length}</b>
          <span>{say('更新及时的数据集', 'current')}</span>
        </div>
        <div class="tile">
          <b>{count(feeds.reduce((sum, { records }) => sum + records, 0))}</b>
          <span>{say('当前记录数', 'current records')}</span>
        </div>
        <div class="tile">
          <b>{count(quarantined)}</b>
          <span>{say('未通过校验的行数', 'rows in quarantine')}</span>
        </div>
      </div>
      <h2>{say('数据集', 'Datasets')}</h2>
      {feeds.length === 0 ? null : (
        <ListTools
          {...list}
          csv={addressOf({ ...list, path: `${PATH}.csv` }, {})}
          search={{ zh: '名称', en: 'Name' }}
        />
      )}
      <div class="card scroll">
        {feeds.length === 0 ? (
          <p class="empty">{say('暂无数据', 'Your authority has no dataset yet.')}</p>
        ) : rows.length === 0 ? (
          <p class="empty">{say('没有符合条件的数据集', 'Nothing matches.')}</p>
        ) : (
          <ListTable {...list} />
        )}
      </div>
    </>
  );
}
