/** One entry: the decision in words, what belongs to its subject, the proof, the bytes. */

import type { ComponentChildren, JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import { deliveryWords } from '../../../../policies/words.js';
import { inOneLine, typeWords, whyDenied } from '../../../documents/words/entry.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { actionWords, lookWords } from '../../../log/entries/actions.js';
import { detailsOf } from '../../../log/entries/body.js';
import type { FoundEntry } from '../../../log/search/index.js';
import { Form, ReasonField } from '../../ui/form.js';
import { Id } from '../../ui/id.js';
import { subjectWords } from '../../ui/question-words.js';
import { sayIn } from '../../ui/say.js';
import { Effect, Story } from './words.js';

interface EntryProps {
  readonly language: Language;
  readonly entry: FoundEntry;
  /** Entries of the log. */
  readonly size: number;
  /** The way back to where somebody came from; `hidden`: what a form says of it. */
  readonly back:
    | { readonly href: string; readonly words: Localised; readonly hidden: Readonly<Record<string, string>> }
    | undefined;
  readonly mayOpen: boolean;
  /** Documents are signed here, so that a certificate of proof can be made. */
  readonly certified: boolean;
  readonly links: {
    readonly subject: string | undefined;
    readonly item: string | undefined;
    readonly case: string | undefined;
  };
  readonly names: Names;
  /** Whom it is about, where whoever looks knows that: they came from a search for it, or had it shown. */
  readonly subject: string | undefined;
  /** What the company is called. */
  readonly called: string | undefined;
  /** What happened, in sentences. */
  readonly story: readonly string[];
}

/** A person by name, whatever else by its key, with the name of a company. */
function whoseWords({ subject, called, entry: { opened }, language }: EntryProps): string {
  if (subject === undefined) return '';
  if (!subject.startsWith('person:') || language === 'en') return subjectWords(subject, called, language);
  const { name } = (opened?.details ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : '已登录的人员';
}

const search = (name: string, value: string): string => `/console/search?${name}=${encodeURIComponent(value)}`;

/** The ways to the entries beside this one. */
function Neighbours({
  index,
  size,
  language,
}: {
  readonly index: number;
  readonly size: number;
  readonly language: Language;
}): JSX.Element {
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  return (
    <nav class="pills" aria-label={say('相邻记录', 'Neighbours')}>
      {index > 0 ? (
        <a href={`/console/entries/${index - 1}`} rel="prev">
          {say('← 前一条', '← Previous')}
        </a>
      ) : null}
      {index + 1 < size ? (
        <a href={`/console/entries/${index + 1}`} rel="next">
          {say('后一条 →', 'Next →')}
        </a>
      ) : null}
    </nav>
  );
}

/** What was decided about each dataset of the question. */
function Decision({
  datasets,
  language,
  names,
}: {
  readonly datasets: FoundEntry['body']['datasets'];
  readonly language: Language;
  readonly names: Names;
}): JSX.Element | null {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  if (datasets === undefined || datasets.length === 0) return null;
  return (
    <>
      <h2>{say('判定结果', 'The decision')}</h2>
      <div class="card scroll">
        <table class="stack">
          <thead>
            <tr>
              <th>{say('数据集', 'Dataset')}</th>
              <th>{say('结果', 'Outcome')}</th>
              <th>{say('依据', 'Because')}</th>
              <th class="n">{say('记录', 'Records')}</th>
            </tr>
          </thead>
          <tbody>
            {datasets.map((one) => (
              <tr>
                <th>
                  <a href={search('dataset', one.dataset ?? '')}>{names.dataset(one.dataset)}</a>
                  <Id language={language}>{one.dataset}</Id>
                </th>
                <td>{one.effect === undefined ? '–' : <Effect effect={one.effect} language={language} />}</td>
                <td>
                  {one.effect === 'deny' ? (
                    whyDenied((one as { readonly reason?: unknown }).reason, language)
                  ) : one.grant === undefined ? (
                    '–'
                  ) : zh ? (
                    <a href={search('grant', one.grant)}>
                      {names.basis(one.grant).length === 0 ? '授权已失效' : '有效授权'}
                    </a>
                  ) : (
                    <>
                      grant{' '}
                      <a class="mono" href={search('grant', one.grant)}>
                        {one.grant}
                      </a>
                    </>
                  )}
                  {names.basis(one.effect === 'deny' ? undefined : one.grant).map((article) => (
                    <span class="plain">{article}</span>
                  ))}
                  {one.fields === undefined || one.fields.length === 0 ? null : (
                    <span class="plain soft">
                      {one.fields.map((path) => names.field(one.dataset ?? '', path)).join(say('、', ', '))}
                    </span>
                  )}
                </td>
                <td class="n" data-title={say('记录', 'Records')}>
                  {one.records ?? '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** A fact where there is one. */
const fact = (title: string, value: ComponentChildren): JSX.Element | null =>
  value === undefined || value === '' ? null : (
    <>
      <dt>{title}</dt>
      <dd>{value}</dd>
    </>
  );

/** Who did what, and by which policies. */
function Facts({
  entry: { body, receipt },
  language,
  names,
}: Pick<EntryProps, 'entry' | 'language' | 'names'>): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const link = (name: string, value: string | undefined, called?: string): JSX.Element | undefined =>
    value === undefined ? undefined : (
      <>
        <a href={search(name, value)}>{called ?? value}</a>
        {called === undefined || zh ? null : (
          <>
            {' '}
            <span class="mono soft">{value}</span>
          </>
        )}
      </>
    );
  return (
    <div class="card">
      <dl class="facts">
        {fact(say('时间（北京时间）', 'Time (UTC+8)'), body.time === undefined ? undefined : localSecond(body.time))}
        {fact(say('应用', 'Client'), link('client', body.client, names.client(body.client)))}
        {fact(
          say('使用单位', 'Consumer authority'),
          link('authority', body.authority, names.authority(body.authority)),
        )}
        {fact(say('用途', 'Purpose'), link('purpose', body.purpose, names.purpose(body.purpose, body.report)))}
        {fact(
          say('方式', 'Delivery'),
          body.type === 'released' ? deliveryWords(body.delivery ?? 'query')[language] : undefined,
        )}
        {fact(say('用于报告', 'For the report'), names.report(body.report))}
        {body.item === undefined ? null : fact(say('事项编码', 'Item'), body.item)}
        {fact(
          say('操作', 'Action'),
          link('action', body.action, (body.type === 'looked' ? lookWords : actionWords)(body.action)[language]),
        )}
        {fact(
          say('请求编号', 'Request id'),
          body.requestId === undefined ? undefined : (
            <a class="exact" href={search('request', body.requestId)}>
              {body.requestId}
            </a>
          ),
        )}
        {fact(say('回执', 'Receipt'), <span class="mono exact">{receipt}</span>)}
        {fact(
          say('策略版本', 'Policy version'),
          typeof body['policyVersion'] === 'string' ? (
            <span class="mono exact">{body['policyVersion']}</span>
          ) : undefined,
        )}
        {fact(
          say('答复摘要', 'Digest of the answer'),
          typeof body['bodySha256'] === 'string' ? <span class="mono exact">{body['bodySha256']}</span> : undefined,
        )}
      </dl>
    </div>
  );
}

/** Whom it is about: to those who know it, and to those who say why they must. */
function Whose(props: EntryProps): JSX.Element | null {
  const { language, entry, mayOpen, links, subject, back } = props;
  const { index, body, opened } = entry;
  if (body.subject === undefined) return null;
  const say = sayIn(language);
  const { item = body.item, caseId, actor } = detailsOf(opened);
  // once it is opened: who asked did not say it, and that is a finding
  const unsaid =
    opened === undefined || body.type !== 'released' ? undefined : (
      <span class="soft">{say('使用单位未填报', 'not said by whoever asked')}</span>
    );
  const linked = (words: string | undefined, href: string | undefined, title?: string) =>
    words === undefined || href === undefined ? (
      words
    ) : (
      <a href={href} title={title}>
        {words}
      </a>
    );
  return (
    <>
      <h2>{say('主体', 'The subject')}</h2>
      <div class="card pad" data-subject>
        {subject === undefined ? null : (
          <dl class="facts flat">
            {fact(
              say('主体', 'Subject'),
              linked(whoseWords(props), links.subject, say('该主体的全部使用记录', 'Everything about this subject')),
            )}
            {fact(say('事项编码', 'Item'), linked(item, links.item) ?? unsaid)}
            {fact(say('办件编号', 'Case'), linked(caseId, links.case) ?? unsaid)}
            {fact(say('经办人', 'Case handler'), actor ?? unsaid)}
          </dl>
        )}
        {opened !== undefined ? null : (
          <>
            <p>
              {subject === undefined
                ? say(
                    '主体、事项、办件与经办人以主体专属密钥加密保存。',
                    "The subject, its item, case and handler are kept encrypted under the subject's own key.",
                  )
                : say(
                    '事项、办件与经办人以主体专属密钥加密保存。',
                    "Item, case and handler are kept encrypted under the subject's own key.",
                  )}{' '}
              <span class="mono exact">{body.subject.pseudonym}</span>
            </p>
            {mayOpen ? (
              <Form action={`/console/entries/${index}`} class="row" hidden={back?.hidden ?? {}}>
                <ReasonField class="grow" label={say('查看事由（记入日志）', 'Why you must know (goes on record)')} />
                <button class="button low" type="submit">
                  {subject === undefined
                    ? say('显示主体', 'Show the subject')
                    : say('显示事项与经办人', 'Show item and handler')}
                </button>
              </Form>
            ) : null}
          </>
        )}
      </div>
    </>
  );
}

export function entryPage(props: EntryProps): JSX.Element {
  const { language, entry, size, certified, names, story, back } = props;
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const { index, erasedBy, expiredBy, body } = entry;
  const step = (key: string, title: string, what: string): JSX.Element => (
    <li data-step={key}>
      <b>{title}</b>
      <span class="mono note" data-value="">
        {what}
      </span>
    </li>
  );
  return (
    <>
      {back === undefined ? null : (
        <p class="foot">
          <a href={back.href}>{back.words[language]}</a>
        </p>
      )}
      <div class="head">
        <h1>
          {say(`第 ${index} 条 · `, `Entry ${index} · `)}
          {expiredBy === undefined ? typeWords(body.type, language) : say('内容已到期销毁', 'body expired')}
        </h1>
        <Neighbours index={index} size={size} language={language} />
      </div>
      {expiredBy === undefined ? (
        <p class="lead">{inOneLine(entry, language)}</p>
      ) : (
        <p class="notice warn">
          {say(
            '保存期限已满，内容已依规销毁；公开日志中的存证仍在：',
            'Its term of keeping is over: body and salt were destroyed, the commitment in the published log stays: ',
          )}
          <a href={`/console/entries/${expiredBy}`}>{say(`见第 ${expiredBy} 条`, `see entry ${expiredBy}`)}</a>
        </p>
      )}
      {erasedBy === undefined ? null : (
        <p class="notice warn">
          {say('此条所涉主体已依法抹除：', 'The subject of this entry was erased, as required by law: ')}
          <a href={`/console/entries/${erasedBy}`}>{say(`见第 ${erasedBy} 条`, `see entry ${erasedBy}`)}</a>
        </p>
      )}

      <Story sentences={story} language={language} />

      <Facts entry={entry} names={names} language={language} />

      <Decision datasets={body.datasets} language={language} names={names} />

      <Whose {...props} />

      <h2>{say('存证验证', 'The proof')}</h2>
      <div class="card pad proof" data-proof={`/console/entries/${index}/proof`} data-state="idle">
        <p class="verdict">
          <span class="when proved">
            {say(
              '✓ 已在本浏览器中验证：此条未被改动，且在公开日志之中。',
              '✓ Checked in this browser: the entry is unchanged and stands in the published log.',
            )}
          </span>
          <span class="when failed">
            {say(
              '✗ 验证不通过：显示的内容与公开日志不符。',
              '✗ Does not verify: what is shown is not what the log committed to.',
            )}
          </span>
          <span class="when not-yet">
            {say(
              '此条尚未列入公开日志，或其内容已随主体抹除、已到期销毁。',
              'Not under a published checkpoint yet, or its salt was erased with its subject, or went when its ' +
                'term was over.',
            )}
          </span>
          <span class="when error">
            {say(
              '无法取得证明，或本浏览器版本过低，不支持验证。',
              'The proof could not be fetched, or this browser has no Ed25519.',
            )}
          </span>
          <span class="when checking">{say('正在验证…', 'Checking…')}</span>
          <span class="when idle">
            {say(
              '浏览器须启用脚本才能在此验证；也可由技术人员用命令行工具验证。',
              'Checking here needs scripts; `yitong audit receipt` does the same.',
            )}
          </span>
        </p>
        <ol class="steps">
          {step('body', say('内容与存证一致', 'bytes and salt → leaf'), '')}
          {step('path', say('已列入公开日志', 'path → root'), '')}
          {step('signature', say('公开日志由日志密钥签名', 'checkpoint signed by the log'), '')}
        </ol>
        <p class="row">
          <button type="button" class="quiet" data-prove="">
            {say('重新验证', 'Check again')}
          </button>
          <a class="quiet" href={`/console/entries/${index}/proof`} download={`entry-${index}.json`}>
            {say('下载证据', 'Download the evidence')}
          </a>
          {certified ? (
            <a class="quiet" href={`/console/entries/${index}/certificate`} download={`entry-${index}-certificate.pdf`}>
              {say('出具存证证明（PDF）', 'Certificate of proof (PDF)')}
            </a>
          ) : null}
        </p>
      </div>
      {zh ? (
        <p class="foot">记录原文见所下载的证据。</p>
      ) : (
        <details class="raw">
          <summary>As it was written</summary>
          <pre>{JSON.stringify(body, null, 2)}</pre>
        </details>
      )}
    </>
  );
}
