/** The feeds of one authority: which are fresh, which hold something back. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { Id } from '../../ui/id.js';
import { type FeedFacts, FeedState, scheduleWords } from './feed.js';

interface FeedsProps {
  readonly language: Language;
  readonly authority: string;
  readonly feeds: readonly FeedFacts[];
}

export function feedsPage({ language, authority, feeds }: FeedsProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const quarantined = feeds.reduce((sum, feed) => sum + feed.quarantined, 0);
  const count = (n: number): string => n.toLocaleString('en');
  return (
    <>
      <h1>{say('本单位数据源', 'My feeds')}</h1>
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
      <div class="card scroll">
        {feeds.length === 0 ? (
          <p class="empty">{say('暂无数据', 'Your authority has no dataset yet.')}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th>{say('数据集', 'Dataset')}</th>
                <th>{say('状态', 'State')}</th>
                <th class="wide">{say('数据时间（北京时间）', 'Seen up to (UTC+8)')}</th>
                <th class="wide">{say('最近读取', 'Last run')}</th>
                <th class="wide">{say('读取方式', 'Schedule')}</th>
                <th class="n wide">{say('记录', 'Records')}</th>
                <th class="n">{say('未通过校验', 'Held back')}</th>
              </tr>
            </thead>
            <tbody>
              {feeds.map((feed) => (
                <tr>
                  <th>
                    <a href={`/console/feeds/${feed.id}`}>{feed.name[language]}</a>
                    <Id language={language}>{feed.id}</Id>
                  </th>
                  <td>
                    <FeedState facts={feed} language={language} />
                  </td>
                  <td class="wide">{feed.sourceTime === undefined ? '–' : localMinute(feed.sourceTime)}</td>
                  <td class="wide">{feed.lastRun === undefined ? '–' : localMinute(feed.lastRun.at)}</td>
                  <td class="wide">{scheduleWords(feed.schedule, language)}</td>
                  <td class="n wide">{count(feed.records)}</td>
                  <td class="n">
                    {feed.quarantined === 0 ? '–' : <a href={`/console/feeds/${feed.id}`}>{count(feed.quarantined)}</a>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}
