/** A report that was issued just now, with its code; and one that was issued before, without. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Issued, IssuedReport, ReportChanges } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute, localSecond } from '../../../ground/language/time.js';
import { FaultSummary, Form, formId, TextField } from '../../ui/form.js';
import { Qr } from '../../ui/qr.js';
import { changeNames, lackingNames } from '../../ui/report-words.js';
import { sayIn } from '../../ui/say.js';
import type { Subjects } from '../../ui/speaking.js';
import { ReportContent } from './content.js';

/** A way to write it down: its name, and whether it carries the code. */
export interface Download {
  readonly extension: string;
  readonly coded: boolean;
}

interface Common {
  readonly language: Language;
  readonly csrf: string;
  readonly subjects: Subjects;
  readonly downloads: readonly Download[];
}

const fileNames: Readonly<Record<string, { readonly zh: string; readonly en: string }>> = {
  pdf: { zh: '下载 PDF', en: 'PDF' },
  json: { zh: '下载 JSON（数据）', en: 'JSON (data)' },
  jwt: { zh: '下载可验证凭证', en: 'Credential' },
  'sd-jwt': { zh: '下载可验证凭证（可选择披露）', en: 'Credential (SD-JWT VC)' },
  sdjwt: { zh: '下载可验证凭证（可选择披露）', en: 'Credential (SD-JWT VC)' },
};

function Downloads({
  id,
  language,
  subjects,
  downloads,
  code,
  fault,
}: Common & {
  readonly id: string;
  readonly code: string | undefined;
  readonly fault?: Localised | undefined;
}): JSX.Element {
  const say = sayIn(language);
  const name = ({ extension }: Download): string => fileNames[extension]?.[language] ?? say('下载其他格式', extension);
  const needed = code === undefined && downloads.some(({ coded }) => coded);
  return (
    <Form action={`/console/reports/${id}/document`} class="row" hidden={{ of: subjects.hidden, ...present({ code }) }}>
      {needed ? (
        <TextField
          class="grow"
          name="code"
          label={say(
            '核验码（印于 PDF 和凭证，本系统不保存）',
            'Its code (it stands on PDF and credential, and is not kept here)',
          )}
          fault={fault}
          autocomplete="off"
          maxLength={60}
        />
      ) : null}
      {downloads.map((one) => (
        <button
          class={one.extension === 'pdf' ? 'button low' : 'quiet low'}
          type="submit"
          name="as"
          value={one.extension}
        >
          {name(one)}
        </button>
      ))}
    </Form>
  );
}

export function issuedPage({
  issued: { id, code, document, model, keptUntil, receipt },
  link,
  ...common
}: Common & { readonly issued: IssuedReport; readonly link: string }): JSX.Element {
  const { language, subjects } = common;
  const say = sayIn(language);
  return (
    <>
      <h1>{say('报告已出具', 'The report is issued')}</h1>
      <div class="notice warn" role="status">
        <b>{say('核验码只在此显示一次。', 'The code is shown only once, here.')}</b>{' '}
        {say(
          '本系统只保存其摘要。请立即复制，或下载印有核验码的文书。',
          'Only its hash is kept. Copy it now, or download a document that carries it.',
        )}
      </div>
      <section class="card pad seal">
        <Qr text={link} label={say('核验链接的二维码', 'QR code of the link by which it is verified')} />
        <div>
          <h2>{say('核验码', 'Code')}</h2>
          <p class="bigcode" data-copied={say('已复制', 'Copied')}>
            <output class="code" id="code">
              {code}
            </output>{' '}
            <button type="button" class="quiet" data-copy="code" hidden>
              {say('复制', 'Copy')}
            </button>
          </p>
          <p>
            <a href={link}>{say('打开核验页', 'Open the page that verifies it')}</a>
            <span class="plain soft">
              {say(
                '把核验码或二维码交给要查看证明的一方，对方无需注册即可验真。',
                'Give the code to whoever asks for the proof: they verify it without an account.',
              )}
            </span>
          </p>
          <Downloads {...common} id={id} code={code} />
        </div>
      </section>
      <dl class="card facts">
        <dt>{say('报告', 'Report')}</dt>
        <dd>{model.title[language]}</dd>
        <dt>{say('企业数', 'Companies')}</dt>
        <dd>{model.subjects.length}</dd>
        <dt>{say('使用单位', 'To be shown to')}</dt>
        <dd>{model.bearer}</dd>
        <dt>{say('保存至', 'Kept until')}</dt>
        <dd>{localMinute(keptUntil)}</dd>
        <dt>{say('文书摘要', 'Digest')}</dt>
        <dd class="code exact">{document}</dd>
        <dt>{say('日志回执', 'Receipt')}</dt>
        <dd class="code exact">{receipt.id}</dd>
      </dl>
      <p class="row">
        <a class="quiet" href={`/console/reports/${id}${subjects.query('?')}`}>
          {say('查看报告', 'See the report')}
        </a>
        <a class="quiet" href={`/console/reports${subjects.query('?')}`}>
          {say('全部报告', 'All reports')}
        </a>
      </p>
    </>
  );
}

const WRONG_CODE: Localised = {
  zh: '这不是这份报告的核验码。核验码共 28 位，在出具时显示，也印在每份文书上。',
  en:
    'This is not the code of the report. It has 28 characters, was shown when it was issued, and stands on each ' +
    'of its documents.',
};

export interface VerifiedBy {
  readonly at: string;
  readonly by: string;
  readonly outcome: string;
}

export function reportPage({
  issued: { id, document, model, revokedAt },
  changes,
  verified,
  wrongCode,
  ...common
}: Common & {
  readonly issued: Issued & { readonly revokedAt?: string };
  readonly changes: ReportChanges | undefined;
  readonly verified: readonly VerifiedBy[];
  readonly wrongCode: boolean;
}): JSX.Element {
  const { language, subjects } = common;
  const say = sayIn(language);
  const width = model.domains.length;
  const since = new Map((changes?.sections ?? []).map((one) => [one.subject * width + one.domain, one]));
  const changed = (section: number, record: number): string | undefined => {
    const change = since.get(section)?.records.find((one) => one.record === record)?.change;
    return change === undefined ? undefined : changeNames[change][language];
  };
  return (
    <>
      <p class="foot">
        <a href={`/console/reports${subjects.query('?')}`}>{say('← 信用报告', '← Reports')}</a>
      </p>
      <h1>{model.title[language]}</h1>
      <p class="lead">
        {say(
          `${localMinute(model.issuedAt)}（北京时间）由${model.issuer.zh}出具。`,
          `Issued by ${model.issuer.en} at ${localMinute(model.issuedAt)} (UTC+8).`,
        )}
      </p>
      {revokedAt === undefined ? null : (
        <p class="notice bad" role="status">
          <b>
            {say(
              `已于 ${localSecond(revokedAt)} 由出具单位撤销。`,
              `Revoked by its issuer at ${localSecond(revokedAt)}.`,
            )}
          </b>{' '}
          {say(
            '其核验码与凭证均不再有效；请重新申请。',
            'Neither its code nor its credentials hold any more; ask for a new one.',
          )}
        </p>
      )}
      {changes === undefined || revokedAt !== undefined ? null : changes.sections.length === 0 ? (
        <p class="notice" role="status">
          {say(
            `出具以来没有变化（${localSecond(changes.at)} 比对）。`,
            `Nothing has changed since (compared at ${localSecond(changes.at)}).`,
          )}
        </p>
      ) : (
        <div class={`notice ${changes.changed ? 'warn' : ''}`} role="status">
          <p>
            <b>
              {changes.changed
                ? say('出具以来有变化：', 'Since it was issued:')
                : say(
                    '出具以来记录没有变化，但部门的答复情况不同：',
                    'No record has changed since, but who answers has:',
                  )}
            </b>{' '}
            <span class="soft">{localSecond(changes.at)}</span>
          </p>
          <ul class="plainlist">
            {changes.sections.map((one) => (
              <li>
                {model.subjects[one.subject]?.name} · {model.domains[one.domain]?.title[language]}
                {one.added === 0 ? null : say(`，新增 ${one.added} 条`, `, ${one.added} new`)}
                {one.records.map(({ change }) => `${say('，', ', ')}${changeNames[change][language]}`).join('')}
                {one.lacking === undefined ? null : `${say('，', ', ')}${lackingNames[one.lacking][language]}`}
                {one.missing
                  .map(({ name }) => `${say('，目前未答复：', ', not answered now: ')}${name[language]}`)
                  .join('')}
              </li>
            ))}
          </ul>
        </div>
      )}
      <h2>{say('下载', 'Downloads')}</h2>
      {wrongCode ? (
        <FaultSummary
          language={language}
          lines={[{ text: WRONG_CODE[language], to: `${formId(`/console/reports/${id}/document`)}-code` }]}
        />
      ) : null}
      <div class="card pad">
        <Downloads {...common} id={id} code={undefined} fault={wrongCode ? WRONG_CODE : undefined} />
      </div>
      {revokedAt === undefined ? (
        <p class="row">
          <a class="quiet" href={`/console/compliance/release?report=${id}${subjects.query('&')}`}>
            {say('扫码出示', 'Show it by a code')}
          </a>
          <span class="soft">
            {say(
              '当面向对方出示整份报告或所选领域，对方查看一次。',
              'To somebody before you: all of it or chosen domains, seen once.',
            )}
          </span>
        </p>
      ) : null}
      <h2>{say('核验记录', 'Who verified it')}</h2>
      <div class="card">
        {verified.length === 0 ? (
          <p class="empty">{say('暂无核验记录', 'Nobody has yet.')}</p>
        ) : (
          <ul class="rows">
            {verified.map(({ at, by, outcome }) => (
              <li>
                <span>
                  <b>{by}</b>{' '}
                  <span class="soft">
                    {outcome === 'revoked'
                      ? say('得知已撤销', 'was told it is revoked')
                      : outcome === 'changed'
                        ? say('得知有变化', 'was told of changes')
                        : say('得知真实有效', 'was told it is genuine')}
                  </span>
                </span>
                <time dateTime={at}>{localSecond(at)}</time>
              </li>
            ))}
          </ul>
        )}
      </div>
      <h2>{say('内容', 'Content')}</h2>
      <ReportContent model={model} language={language} changed={changed} />
      <p class="foot">
        {say('文书摘要 ', 'Digest ')}
        <span class="code exact">{document}</span> · {say('申请企业 ', 'asked for by ')}
        <span class="code">{keyOf(subjects.subject)}</span>
      </p>
    </>
  );
}
