/** One feed: how it is, which rows were held back and why, and the way to try them again. */

import type { JSX } from 'preact';
import { type Held, heldId } from '../../../../connectors/publish/index.js';
import type { QuarantineCause, QuarantineEntry } from '../../../../connectors/quarantine.js';
import type { RetriedRow, RetryReport } from '../../../../connectors/retry.js';
import type { Reading } from '../../../../connectors/run/asked.js';
import { errorWords, errorWordsOf } from '../../../../contracts/error-words.js';
import type { YitongError } from '../../../../contracts/errors.js';
import { keyOf } from '../../../../contracts/ids.js';
import type { Localised } from '../../../../contracts/types.js';
import { durationOf } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { isRefused } from '../../publishing/mend-drafts.js';
import { standingWords } from '../../publishing/mend-words.js';
import type { StandingDraft } from '../../publishing/mends.js';
import { Form } from '../../ui/form.js';
import { causeAddress, causeWords } from './cause-words.js';
import { standingCss } from './draft-page.js';
import { ReadAgain, Readings } from './read-again.js';

export interface FeedFacts {
  readonly id: string;
  readonly name: Localised;
  readonly status: 'current' | 'stale' | 'never-loaded' | 'unavailable';
  /** ISO 8601 */
  readonly sourceTime?: string;
  readonly records: number;
  /** ISO 8601 duration */
  readonly updateFrequency: string;
  /** `at`: ms since 1970 */
  readonly lastRun?: { readonly at: number; readonly state: 'complete' | 'failed' | 'refused'; readonly rows: number };
  readonly schedule?: string;
  readonly kind?: Localised | undefined;
  /** Why the feed's file does not load. */
  readonly broken?: Pick<YitongError, 'code' | 'message'>;
  /** What its fields are called, by path. */
  readonly titles: ReadonlyMap<string, Localised>;
}

interface FeedProps {
  readonly language: Language;
  readonly facts: FeedFacts;
  readonly rows: readonly QuarantineEntry[];
  /** Most frequent first. */
  readonly causes: readonly (QuarantineCause & { readonly rows: number })[];
  readonly count: number;
  /** Records that left and are still answered; the first of `heldCount`. */
  readonly held: readonly Held[];
  readonly heldCount: number;
  readonly first: boolean;
  readonly next: string | undefined;
  /** Drafts of its mapping, the newest first. */
  readonly drafts: readonly StandingDraft[];
  /** How its source is read; undefined where none is. */
  readonly reading: Reading | undefined;
  readonly content?: QuarantineEntry;
  readonly report?: RetryReport;
}

const states: Readonly<Record<FeedFacts['status'], Localised & { readonly css: string }>> = {
  current: { zh: '最新', en: 'current', css: 'ok' },
  stale: { zh: '未及时更新', en: 'stale', css: 'warn' },
  'never-loaded': { zh: '尚未接入', en: 'never loaded', css: 'none' },
  unavailable: { zh: '暂不可读', en: 'unavailable', css: 'none' },
};

/** Nothing where the row as a whole is wrong. */
const FieldName = ({ field }: { readonly field: string }): JSX.Element | null =>
  field === '' ? null : <span class="mono">{field}</span>;

export function FeedState({
  facts,
  language,
}: {
  readonly facts: FeedFacts;
  readonly language: Language;
}): JSX.Element {
  if (facts.broken !== undefined) return <span class="state bad">{language === 'zh' ? '配置有误' : 'broken'}</span>;
  if (facts.lastRun?.state === 'failed' || facts.lastRun?.state === 'refused')
    return <span class="state bad">{language === 'zh' ? '读取失败' : 'run failed'}</span>;
  const { css, ...name } = states[facts.status];
  return <span class={`state ${css}`}>{name[language]}</span>;
}

const outcomes: Readonly<Record<RetriedRow['status'], Localised>> = {
  published: { zh: '已发布', en: 'published' },
  unchanged: { zh: '与已发布的相同', en: 'the same as published' },
  merged: { zh: '早于已发布的记录', en: 'older than what is published' },
  skipped: { zh: '不属于本数据集', en: 'not the dataset’s any more' },
  quarantined: { zh: '仍未通过校验', en: 'still breaks the contract' },
};

/** When a feed is read. */
export function scheduleWords(schedule: string | undefined, language: Language): string {
  const zh = language === 'zh';
  if (schedule === undefined) return '–';
  if (schedule === 'watch') return zh ? '文件到达即读取' : 'when a file arrives';
  if (schedule === 'push') return zh ? '由部门推送' : 'when the department sends';
  const every = durationOf(schedule, language);
  return every === schedule ? (zh ? `定时：${schedule}` : schedule) : zh ? `每 ${every}` : `every ${every}`;
}

/** What there is of a row, as it came: column by column where it has columns. */
function Content({ of: { cells, raw, value, withdraw } }: { readonly of: QuarantineEntry }): JSX.Element {
  const columns: unknown = cells ?? value ?? withdraw;
  if (raw !== undefined || typeof columns !== 'object' || columns === null)
    return (
      <pre class="own" tabIndex={0}>
        {raw ?? String(columns ?? '')}
      </pre>
    );
  return (
    <dl class="facts flat own">
      {Object.entries(columns).map(([name, one]) => (
        <>
          <dt>{name}</dt>
          <dd>{one === null ? '–' : typeof one === 'object' ? JSON.stringify(one) : String(one)}</dd>
        </>
      ))}
    </dl>
  );
}

/** What became of the rows that were checked anew. */
function Retried({ report, language }: { readonly report: RetryReport; readonly language: Language }): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  return (
    <section class={`notice ${report.stillBad + report.unreadable > 0 ? 'warn' : ''}`} role="status">
      <b>
        {say(`已重新校验 ${report.tried} 行`, `${report.tried} ${report.tried === 1 ? 'row' : 'rows'} tried again`)}
      </b>
      {' · '}
      {say(
        `发布 ${report.published} 行，与已发布的相同 ${report.unchanged} 行，早于已发布的 ${report.outdated} 行，不属于本数据集 ` +
          `${report.skipped} 行，仍未通过校验 ${report.stillBad + report.unreadable} 行`,
        `${report.published} published, ${report.unchanged} unchanged, ${report.outdated} older, ` +
          `${report.skipped} skipped, ${report.stillBad + report.unreadable} still held back`,
      )}
      {report.results.length === 0 || report.results.length > 20 ? null : (
        <ul>
          {report.results.map(({ position, status, code }) => (
            <li>
              <span class="mono own">{position}</span> {outcomes[status][language]}
              {code === undefined ? null : zh ? (
                `：${errorWordsOf(code).zh}`
              ) : (
                <>
                  {' '}
                  <span class="mono">{code}</span>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const numeral = (n: number): string => n.toLocaleString('en');
/** `12.5%`; two places below one in a hundred. */
const share = (n: number, of: number): string =>
  of === 0 ? '–' : `${((n / of) * 100).toFixed(n / of < 0.01 ? 2 : 1)}%`;

/** What was proposed of its mapping, and what became of it. */
function Drafts({ facts, drafts, language }: Pick<FeedProps, 'facts' | 'drafts' | 'language'>): JSX.Element | null {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  if (drafts.length === 0) return null;
  return (
    <>
      <h2>{say('映射修正草案', 'Drafts of mends')}</h2>
      <ul class="card rows">
        {drafts.map(({ draft, standing }) => (
          <li>
            <div class="grow">
              <p>
                <a href={`/console/feeds/${facts.id}/mends/${draft.id}`}>
                  {causeWords(draft.cause, facts.titles, language)}
                </a>
              </p>
              <p class="foot">
                {localMinute(new Date(draft.proposed.at).toISOString())}
                {say(
                  ` 提出，可使 ${numeral(draft.held.good)} 行通过`,
                  ` proposed, makes ${numeral(draft.held.good)} rows good`,
                )}
              </p>
            </div>
            <span class={`state ${standingCss[standing]}`}>{standingWords(isRefused(draft), standing)[language]}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Of what age the data is, where it comes from, and how much there is. */
function Facts({ facts, language }: Pick<FeedProps, 'facts' | 'language'>): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  return (
    <div class="card">
      <dl class="facts">
        {zh ? null : (
          <>
            <dt>Dataset</dt>
            <dd class="mono">{facts.id}</dd>
          </>
        )}
        <dt>{say('数据时间（北京时间）', 'Seen up to (UTC+8)')}</dt>
        <dd>{facts.sourceTime === undefined ? '–' : localMinute(facts.sourceTime)}</dd>
        <dt>{say('最近读取', 'Last run')}</dt>
        <dd>
          {facts.lastRun === undefined
            ? '–'
            : say(
                `${localMinute(facts.lastRun.at)}，${numeral(facts.lastRun.rows)} 行`,
                `${localMinute(facts.lastRun.at)}, ${numeral(facts.lastRun.rows)} rows`,
              )}
        </dd>
        <dt>{say('来源与计划', 'Source and schedule')}</dt>
        <dd>
          {facts.kind?.[language] ?? '–'} · {scheduleWords(facts.schedule, language)}
        </dd>
        <dt>{say('更新频率（数据契约）', 'Update frequency (contract)')}</dt>
        <dd>
          {say('每 ', 'every ')}
          {durationOf(facts.updateFrequency, language)}
        </dd>
        <dt>{say('当前记录', 'Current records')}</dt>
        <dd>{numeral(facts.records)}</dd>
      </dl>
    </div>
  );
}

/** Why rows are held back, the most frequent first, with the way to what can be done about each. */
function Causes({ facts, causes, count, language }: Pick<FeedProps, 'facts' | 'causes' | 'count' | 'language'>) {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  const whole = facts.records + count;
  return (
    <table>
      <thead>
        <tr>
          <th>{say('原因', 'Cause')}</th>
          <th class="n">{say('行数', 'Rows')}</th>
          <th class="n wide">{say('占比', 'Share of all')}</th>
          <th>{say('处理', 'What to do')}</th>
        </tr>
      </thead>
      <tbody>
        {causes.map(({ code, field, rows: n }) => (
          <tr>
            <th>
              <a href={causeAddress(facts.id, { code, field })}>
                {causeWords({ code, field }, facts.titles, language)}
              </a>
            </th>
            <td class="n">{numeral(n)}</td>
            <td class="n wide">{share(n, whole)}</td>
            <td>
              <a class="button" href={causeAddress(facts.id, { code, field })}>
                {say('查看并修正', 'Look and mend')}
                <span class="unseen">{causeWords({ code, field }, facts.titles, language)}</span>
              </a>
            </td>
          </tr>
        ))}
        <tr>
          <th>{say('未通过校验合计', 'Held back in all')}</th>
          <td class="n">{numeral(count)}</td>
          <td class="n wide">{share(count, whole)}</td>
          <td />
        </tr>
      </tbody>
    </table>
  );
}

export function feedPage({
  language,
  facts,
  rows,
  causes,
  count,
  held,
  heldCount,
  first,
  next,
  drafts,
  reading,
  content,
  report,
}: FeedProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const path = `/console/feeds/${facts.id}`;
  const act = (
    action: 'content' | 'retry' | 'release' | 'keep',
    id: string,
    label: string,
    title: string,
  ): JSX.Element => (
    <Form name={`${action} ${id}`} action={`${path}/${action}`} hidden={{ id }}>
      <button class="quiet" type="submit" title={title}>
        {label}
      </button>
    </Form>
  );
  return (
    <>
      <p class="foot">
        <a href="/console/feeds">{say('← 本单位数据源', '← My feeds')}</a>
      </p>
      <div class="head">
        <h1>{facts.name[language]}</h1>
        <FeedState facts={facts} language={language} />
      </div>
      {facts.broken === undefined ? null : (
        <p class="notice bad" role="alert">
          {say('数据源配置不能载入：', 'The feed does not load: ')}
          {say(errorWords(facts.broken.code).zh, facts.broken.message)}
        </p>
      )}
      {report === undefined ? null : <Retried report={report} language={language} />}
      <Facts facts={facts} language={language} />
      <Readings dataset={facts.id} reading={reading} language={language} />
      <ReadAgain dataset={facts.id} reading={reading} language={language} />
      <Drafts facts={facts} drafts={drafts} language={language} />

      {heldCount === 0 ? null : (
        <>
          <h2>{say('暂缓撤回的记录', 'Withdrawals held back')}</h2>
          <p class="foot">
            {say(
              '以下记录已不在来源中，但来源里有新出现的无法识别的行，可能正是这些记录，因此仍按有效记录应答。请核对后逐条处理；无法识别的行修正后，将自动处理。',
              'These records are not in the source any more, but it has new rows that cannot be read and may ' +
                'be theirs. They are still answered. Look at each; once the rows are mended, the rest settles by ' +
                'itself.',
            )}
          </p>
          <ul class="card rows">
            {held.map((one) => (
              <li>
                <div class="grow">
                  <p class="mono">
                    {keyOf(one.subject)}
                    {one.recordId === '' ? null : (
                      <>
                        {' '}
                        · <span class="own">{one.recordId}</span>
                      </>
                    )}
                  </p>
                  <p class="foot">
                    {say(`${localMinute(one.since)} 起暂缓，相关行：`, `held since ${localMinute(one.since)} by `)}
                    <span class="mono own">{one.positions.join(', ')}</span>
                  </p>
                  {one.kept === undefined ? null : (
                    <p>
                      <span class="state ok">{say('已确认保留', 'kept')}</span> {localMinute(one.kept.at)}
                    </p>
                  )}
                </div>
                <div class="row">
                  {act(
                    'release',
                    heldId(one),
                    say('确认撤回', 'Withdraw'),
                    say('该记录已注销或移出，不再应答', 'it has left: it is not answered any more'),
                  )}
                  {one.kept === undefined
                    ? act(
                        'keep',
                        heldId(one),
                        say('确认保留', 'Keep'),
                        say('该记录仍然有效', 'it is still on the register'),
                      )
                    : null}
                </div>
              </li>
            ))}
          </ul>
          {heldCount > held.length ? (
            <p class="foot">
              {say(
                `共 ${numeral(heldCount)} 条，先显示 ${numeral(held.length)} 条。`,
                `${numeral(held.length)} of ${numeral(heldCount)} are shown.`,
              )}
            </p>
          ) : null}
        </>
      )}

      <h2>{say('数据质量', 'Quality')}</h2>
      <p class="foot">
        <a href={`/console/datasets/${facts.id}#quality`}>
          {say('数据集说明与近 90 天质量', 'The page of the dataset, with its quality over 90 days')}
        </a>
      </p>
      <div class="card">
        {count === 0 ? (
          <p class="empty">
            {say('读取的数据均已通过校验', 'Nothing is held back: all that was read fits the contract.')}
          </p>
        ) : (
          <Causes facts={facts} causes={causes} count={count} language={language} />
        )}
      </div>
      {count === 0 ? null : (
        <>
          <div class="head below">
            <h2>{say('未通过校验的数据', 'Rows held back')}</h2>
            <Form action={`${path}/retry`}>
              <button class="quiet" type="submit">
                {say('全部重新校验', 'Try all again')}
              </button>
            </Form>
          </div>
          <p class="foot">
            {say(
              '重新校验按现行映射与数据契约进行，不改动数据：须先按原因修正，或者请来源单位更正。',
              'Trying again changes nothing by itself, it goes by mapping and contract as they are now: mend the ' +
                'cause first, or have the source corrected.',
            )}
          </p>
          {content === undefined ? null : (
            <section class="card pad content" role="status">
              <p>
                <b>{say('内容', 'Content')}</b> <span class="mono own">{content.position}</span> ·{' '}
                {say('此次查看已记入日志', 'this look is on record')}
              </p>
              <Content of={content} />
            </section>
          )}
          <ul class="card rows">
            {rows.map((row) => (
              <li>
                <div class="grow">
                  <p class="mono own">{row.position}</p>
                  {row.problems.map(({ code, field, reason }) =>
                    zh ? (
                      <p>
                        <span class="state bad">{errorWords(code).zh}</span>{' '}
                        {field === '' ? null : (facts.titles.get(field)?.zh ?? '来源字段')}
                      </p>
                    ) : (
                      <p>
                        <span class="state bad">{code}</span> <FieldName field={field} /> {reason}
                      </p>
                    ),
                  )}
                  <p class="foot">
                    {say(
                      `${localMinute(row.firstSeen)} 首次未通过校验`,
                      `held back since ${localMinute(row.firstSeen)}`,
                    )}
                  </p>
                </div>
                <div class="row">
                  {act('content', row.id, say('显示内容', 'Show content'), say('会记入日志', 'goes on record'))}
                  {act(
                    'retry',
                    row.id,
                    say('重新校验', 'Try again'),
                    say('按现行映射与数据契约', 'by mapping and contract as they are now'),
                  )}
                </div>
              </li>
            ))}
          </ul>
          <div class="pager">
            <span>
              {first ? null : (
                <a class="quiet" href={path}>
                  {say('返回首页', 'First page')}
                </a>
              )}
            </span>
            <span>
              {next === undefined ? null : (
                <a class="quiet" href={`${path}?after=${next}`} rel="next">
                  {say('下一页 →', 'Next →')}
                </a>
              )}
            </span>
          </div>
        </>
      )}
    </>
  );
}
