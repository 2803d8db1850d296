/** A subject's own history: who looked at what, when, why, and what can be done about it. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import { deliveryWords } from '../../../../policies/words.js';
import { inWords } from '../../../documents/words/entry.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { verdicts } from '../../../log/entries/outcomes.js';
import type { HandledComplaint } from '../../../procedures/lifecycles/complaints.js';
import type { Complaint } from '../../people/complaints.js';
import { type Chosen, type Filter, FilterBar } from '../../ui/filters.js';
import { AreaField, FoldedForm } from '../../ui/form.js';
import { Pager } from '../../ui/pager.js';
import { sayIn } from '../../ui/say.js';
import type { HistoryEntry } from './reading.js';

interface HistoryProps {
  readonly language: Language;
  readonly subject: string;
  /** Its name in this session. */
  readonly hidden: string;
  readonly entries: readonly HistoryEntry[];
  /** By the entry that they are about: those that nobody handles. */
  readonly complaints: ReadonlyMap<number, readonly Complaint[]>;
  /** By the entry that they are about; of several the last. */
  readonly handled: ReadonlyMap<number, HandledComplaint>;
  readonly others: readonly { readonly subject: string; readonly href: string; readonly here: boolean }[];
  readonly filters: readonly Filter[];
  readonly chosen: Chosen;
  readonly first: string | undefined;
  readonly next: string | undefined;
  /** The same as a table. */
  readonly csv: string;
  readonly names: Names;
  /** Reports, for what their entries say. */
  readonly definitions: ReadonlyMap<string, Pick<ReportDefinition, 'title' | 'purposes'>>;
  /** Characters of a complaint. */
  readonly max: number;
  /** Of a complaint that was recorded just now. */
  readonly receipt?: string;
  /** The number under which it is handled. */
  readonly ticket?: string | undefined;
  /** Other replicas of the log whose answers stand under keys of their own, so that they are not listed. */
  readonly elsewhere: number;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const at = (time: string | undefined): string => (time === undefined ? '–' : localSecond(time));

/** Datasets of which no record was released: more than these are folded. */
const FEW = 4;
const empty = ({ released, records }: HistoryEntry['datasets'][number]): boolean => released && records === 0;

const Folded = ({
  datasets,
  names,
  summary,
}: Pick<HistoryEntry, 'datasets'> & Pick<HistoryProps, 'names'> & { readonly summary: string }): JSX.Element => (
  <details class="folded">
    <summary>{summary}</summary>
    <ul>
      {datasets.map(({ dataset }) => (
        <li>{names.dataset(dataset)}</li>
      ))}
    </ul>
  </details>
);

/**
 * A document is compared with the registers to verify it, and no record leaves: one act, though the log has both. By
 * the verification's number the look that belongs to it, by the same request, as far as both are on the page; the look
 * then has no place of its own.
 */
function comparisons(entries: readonly HistoryEntry[]): ReadonlyMap<number, HistoryEntry> {
  const looks = new Map<string, HistoryEntry[]>();
  for (const entry of entries) {
    const {
      body: { requestId },
      datasets,
    } = entry;
    if (requestId !== undefined && datasets.length > 0 && datasets.every(empty))
      looks.set(requestId, [...(looks.get(requestId) ?? []), entry]);
  }
  return new Map(
    entries.flatMap(({ index, body: { type, requestId = '' } }): [number, HistoryEntry][] => {
      const look = type === 'verified' ? looks.get(requestId)?.shift() : undefined;
      return look === undefined ? [] : [[index, look]];
    }),
  );
}

/** One look: whose system, why, and at what. */
function Look({
  entry: { body, item, datasets },
  language,
  names,
}: { readonly entry: HistoryEntry } & Pick<HistoryProps, 'language' | 'names'>): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const none = datasets.filter(empty);
  const told = datasets.filter((one) => !empty(one));
  return (
    <>
      <div class="head">
        <h2>
          <span>{names.authority(body.authority)}</span> <small>{names.client(body.client)}</small>
        </h2>
        <time dateTime={body.time}>{at(body.time)}</time>
      </div>
      <dl class="facts flat">
        <dt>{say('用途', 'Purpose')}</dt>
        <dd>{names.purpose(body.purpose, body.report) ?? '–'}</dd>
        {item === undefined ? null : (
          <>
            <dt>{say('事项编码', 'Item')}</dt>
            <dd class="mono">{item}</dd>
          </>
        )}
        <dt>{say('方式', 'How')}</dt>
        <dd>
          {deliveryWords(body.type === 'included' ? 'batch' : (body.delivery ?? 'query'))[language]}
          {body.dryRun === true ? say('（预判，未读取任何记录）', ' (dry run: no record was read)') : ''}
        </dd>
      </dl>
      <ul class="what">
        {[...told, ...(none.length > FEW ? [] : none)].map(({ dataset, released, fields, records }) => (
          <li>
            <span class={`state ${released ? (records > 0 ? 'ok' : 'none') : 'bad'}`}>
              {!released
                ? say('不予提供', 'denied')
                : records > 0
                  ? say(`提供 ${records} 条`, `${records} released`)
                  : say('无记录', 'no record')}
            </span>{' '}
            {names.dataset(dataset)}
            {released && records > 0 && fields.length > 0 ? (
              <span class="plain soft">{fields.map((path) => names.field(dataset, path)).join(say('、', ', '))}</span>
            ) : null}
          </li>
        ))}
        {none.length <= FEW ? null : (
          <li>
            <Folded
              datasets={none}
              names={names}
              summary={say(
                `另有 ${String(none.length)} 个数据集，未提供记录`,
                `${String(none.length)} more datasets of which no record was released`,
              )}
            />
          </li>
        )}
      </ul>
    </>
  );
}

/** What became of a complaint: its state, and the answer in the words of whoever gave it. */
function Handled({
  complaint: { id, ticket },
  language,
}: {
  readonly complaint: HandledComplaint;
  readonly language: Language;
}): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const { lifecycle, state, events, over, clocks } = ticket;
  // whoever complained waits for the answer, not for the steps before it
  const due = clocks
    .filter(({ stoppedAt }) => stoppedAt === undefined)
    .sort((a, b) => a.due.overAt - b.due.overAt)
    .at(-1);
  const [first, last] = [events[0], events.at(-1)];
  const words = (fields: Readonly<Record<string, string>> | undefined): string =>
    Object.values(fields ?? {}).join(' ') || '–';
  return (
    <div class={`notice ${over ? '' : 'warn'}`}>
      <p>
        {say(`您于 ${localSecond(state.openedAt)} 投诉：`, `You complained at ${localSecond(state.openedAt)}: `)}
        {words(first?.fields)}
      </p>
      <p>
        <span class={`state ${over ? 'none' : 'ok'}`}>{lifecycle.states[state.state]?.title[language]}</span>{' '}
        {over &&
        last !== undefined &&
        last !== first &&
        last.fields !== undefined &&
        Object.keys(last.fields).length > 0 ? (
          <span class="said">
            {say('答复：', 'Answer: ')}
            {words(last.fields)}
          </span>
        ) : due === undefined ? null : (
          <span class="soft">{say(`预计 ${due.due.day} 前答复`, `to be answered by ${due.due.day}`)}</span>
        )}
      </p>
      <p>
        <a href={`/console/tickets/${id}`}>{say('查看办理情况', 'See how it is handled')}</a>
      </p>
    </div>
  );
}

/** A document of the subject was issued, or somebody verified it. */
function Document({
  body,
  look,
  language,
  names,
  definitions,
}: Pick<HistoryEntry, 'body'> & { readonly look: HistoryEntry | undefined } & Pick<
    HistoryProps,
    'language' | 'names' | 'definitions'
  >): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const definition = definitions.get(text(body['report']));
  const issued = body.type === 'issued';
  const found = text(body['outcome']);
  const outcomes: Readonly<Record<string, string>> = {
    genuine: say('得知真实有效', 'was told that it is genuine'),
    changed: say('得知出具后有变化', 'was told that it has changed since'),
    revoked: say('得知已被撤销', 'was told that it is revoked'),
  };
  return (
    <>
      <div class="head">
        <h2>
          <span>{issued ? say('出具文书', 'Document issued') : say('文书被核验', 'Document verified')}</span>{' '}
          <small>{definition?.title[language] ?? say('已停用的报告', text(body['report']))}</small>
        </h2>
        <time dateTime={body.time}>{at(body.time)}</time>
      </div>
      <dl class="facts flat">
        {issued ? (
          <>
            <dt>{say('用途', 'Purpose')}</dt>
            <dd>{names.purpose(text(body.purpose), text(body['report']))}</dd>
            <dt>{say('范围', 'About')}</dt>
            <dd>
              {say(
                `${String(body.subjects ?? 1)} ` +
                  `家企业，${String(Array.isArray(body['domains']) ? body['domains'].length : 0)} 个领域`,
                `companies: ${String(body.subjects ?? 1)}, domains: ` +
                  `${String(Array.isArray(body['domains']) ? body['domains'].length : 0)}`,
              )}
            </dd>
          </>
        ) : (
          <>
            <dt>{say('核验方', 'By')}</dt>
            <dd>{names.verifier(text(body['by']))}</dd>
            <dt>{say('结果', 'Result')}</dt>
            <dd>
              <span class={`state ${found === 'genuine' ? 'ok' : 'warn'}`}>
                {outcomes[found] ?? inWords(verdicts, found, language)}
              </span>
            </dd>
          </>
        )}
        <dt>{say('文书摘要', 'Digest')}</dt>
        <dd class="mono exact">{text(body['document'])}</dd>
      </dl>
      {look === undefined ? null : (
        <Folded
          datasets={look.datasets}
          names={names}
          summary={say(
            `为核验文书与 ${String(look.datasets.length)} 个数据集比对，未提供记录`,
            `Compared with ${String(look.datasets.length)} datasets to verify it; no record was released`,
          )}
        />
      )}
    </>
  );
}

/** A complaint that was recorded just now, and the way to what becomes of it. */
function Complained({
  receipt,
  ticket,
  language,
}: { readonly receipt: string } & Pick<HistoryProps, 'ticket' | 'language'>): JSX.Element {
  const say = sayIn(language);
  return (
    <p class="notice" role="status">
      {say(
        '投诉已记入日志，由审计人员受理，办理情况和答复在本页显示。回执：',
        'Your complaint is on record; the auditors take it up, and its answer stands on this page. Receipt: ',
      )}
      <span class="mono exact">{receipt}</span>
      {ticket === undefined ? null : (
        <>
          {' '}
          <a href={`/console/tickets/${ticket}`}>
            {say('查看办理情况和答复期限', 'See how it is handled, and until when')}
          </a>
        </>
      )}
    </p>
  );
}

/** The filters, and the way out. */
const Narrowing = ({
  language,
  filters,
  chosen,
  csv,
  hidden,
}: Pick<HistoryProps, 'language' | 'filters' | 'chosen' | 'csv' | 'hidden'>): JSX.Element => (
  <>
    <FilterBar language={language} path="/console/history" filters={filters} chosen={chosen} keeps={{ of: hidden }} />
    <div class="row list-tools">
      <a class="quiet" href={csv} download>
        {language === 'zh' ? '导出表格' : 'Export as CSV'}
      </a>
    </div>
  </>
);

export function historyView({
  language,
  subject,
  hidden,
  entries,
  complaints,
  handled,
  others,
  filters,
  chosen,
  first,
  next,
  csv,
  names,
  definitions,
  max,
  receipt,
  ticket: made,
  elsewhere,
}: HistoryProps): JSX.Element {
  const say = sayIn(language);
  const key = keyOf(subject);
  const looks = comparisons(entries.filter(({ index }) => !complaints.has(index) && !handled.has(index)));
  const placed = new Set([...looks.values()]);
  return (
    <>
      <h1>{say('本企业数据使用记录', 'Who looked at your data')}</h1>
      <p class="lead">
        {say(
          '每次使用在答复之前先行记入日志。依法暂缓告知或不予告知的使用不在此列。',
          'Every look is on record before its answer leaves. Looks of which the law delays or withholds the ' +
            'notice are not listed.',
        )}
      </p>
      {elsewhere === 0 ? null : (
        <p class="notice">
          {say(
            `此处仅列出由本节点答复的使用记录；另有 ${elsewhere} 个节点的记录未列出，请向运维单位查询。`,
            `Only looks that this replica answered are listed; those answered by ${elsewhere} other ` +
              `${elsewhere === 1 ? 'replica' : 'replicas'} are not. Ask the operator for them.`,
          )}
        </p>
      )}
      {others.length === 0 ? (
        <p class="notice">
          {say('企业：', 'Subject: ')}
          <span class="mono">{key}</span>
        </p>
      ) : (
        <nav class="pills" aria-label={say('企业', 'Subject')}>
          {others.map((one) => (
            <a href={one.href} aria-current={one.here ? 'true' : undefined}>
              {keyOf(one.subject)}
            </a>
          ))}
        </nav>
      )}
      {receipt === undefined ? null : <Complained receipt={receipt} ticket={made} language={language} />}
      <Narrowing language={language} filters={filters} chosen={chosen} csv={csv} hidden={hidden} />
      {entries.length === 0 ? (
        <div class="card">
          <p class="empty">
            {Object.keys(chosen).length === 0
              ? say('暂无数据', 'There is nothing to show.')
              : next === undefined
                ? say('没有符合条件的使用记录', 'Nothing matches.')
                : say(
                    '较近的记录中没有符合条件的，请查看更早的记录。',
                    'Nothing matches among the later ones: look at older ones.',
                  )}
          </p>
        </div>
      ) : (
        <ol class="timeline">
          {entries
            .filter((entry) => !placed.has(entry))
            .map((entry) => {
              const { index, body, datasets } = entry;
              const made = complaints.get(index) ?? [];
              const ticket = handled.get(index);
              return (
                <li class="card pad" id={`entry-${index}`}>
                  {datasets.length === 0 ? (
                    <Document
                      body={body}
                      look={looks.get(index)}
                      language={language}
                      names={names}
                      definitions={definitions}
                    />
                  ) : (
                    <Look entry={entry} language={language} names={names} />
                  )}
                  {made.map((one) => (
                    <p class="notice warn">
                      {say(`您于 ${localSecond(one.at)} 投诉：`, `You complained at ${localSecond(one.at)}: `)}
                      {one.text ?? '–'}
                    </p>
                  ))}
                  {ticket === undefined ? null : <Handled complaint={ticket} language={language} />}
                  {ticket !== undefined && !ticket.ticket.over ? null : (
                    <FoldedForm
                      name={`complaint ${index}`}
                      summary={say('投诉此次使用', 'Complain about this')}
                      action="/console/history"
                      hidden={{ of: hidden, entry: String(index) }}
                    >
                      <AreaField
                        name="text"
                        label={say(
                          '请说明理由（审计人员可见；需要使用单位说明的，该单位督查人员可见）',
                          'What is wrong (the auditors see it, and the authority’s inspector if it is asked to ' +
                            'explain)',
                        )}
                        rows={3}
                        required
                        minLength={4}
                        maxLength={max}
                      />
                      <p>
                        <button class="button" type="submit">
                          {say('提交投诉', 'Send the complaint')}
                        </button>
                      </p>
                    </FoldedForm>
                  )}
                </li>
              );
            })}
        </ol>
      )}
      <Pager
        back={{ href: first, words: say('最新', 'Newest') }}
        on={{ href: next, words: say('更早 →', 'Older →'), rel: 'next' }}
      />
    </>
  );
}
