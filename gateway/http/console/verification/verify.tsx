/**
 * What a code proves: genuine or not, when, for whom, and what has changed since. Nothing of what the document says.
 */
import type { JSX } from 'preact';
import { waysTo } from '../../../../contracts/authorities.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { Authority } from '../../../../contracts/types.js';
import type { ShownSubject } from '../../../documents/model/shown.js';
import type { Issued, Outcome, RecordChange, ReportChanges, SectionChange } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import { FaultSummary, TextField } from '../../ui/form.js';
import { changeNames, lackingNames } from '../../ui/report-words.js';

export interface Found {
  readonly outcome: Outcome;
  readonly issued?: Issued;
  readonly revokedAt?: string;
  /** Whom to ask about it; undefined where the definition of the report is gone. */
  readonly issuer?: Pick<Authority, 'contact'>;
  /** In the model's order. */
  readonly subjects?: readonly ShownSubject[];
  readonly changes?: ReportChanges;
}

function wordsOf({ added, records, is, was, missing, lacking }: SectionChange, language: Language): readonly string[] {
  const zh = language === 'zh';
  const counts = new Map<RecordChange, number>();
  for (const { change } of records) counts.set(change, (counts.get(change) ?? 0) + 1);
  const words = [...counts].map(([change, n]) =>
    zh ? `${String(n)} 条${changeNames[change].zh}` : `${n === 1 ? 'one' : String(n)} ${changeNames[change].en}`,
  );
  if (added > 0)
    words.unshift(
      zh ? `新增 ${String(added)} 条记录` : added === 1 ? 'one new record' : `${String(added)} new records`,
    );
  if (lacking !== undefined) words.push(lackingNames[lacking][language]);
  if (missing.length > 0 && is !== was)
    words.push(
      zh
        ? `目前未答复：${missing.map(({ name }) => name.zh).join('、')}`
        : `does not answer now: ${missing.map(({ name }) => name.en).join(', ')}`,
    );
  return words.length > 0 ? words : [zh ? '状态已变化' : 'stands otherwise now'];
}

/** Where a PDF may be dropped; `drop.js` checks it in the browser. */
export function Drop({
  language,
  document,
}: {
  readonly language: Language;
  readonly document?: string | undefined;
}): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const step = (key: string, title: string, fault: string): JSX.Element => (
    <li data-step={key} data-fault-words={language === 'zh' ? fault : undefined}>
      <b>{title}</b>
    </li>
  );
  return (
    <section class="card pad drop" data-drop="" data-state="idle" data-document={document}>
      <label class="dropzone">
        <input type="file" class="unseen" accept="application/pdf,.pdf" />
        <span class="button low">{say('选择 PDF', 'Choose the PDF')}</span>
        <span>{say('或拖放到此处', 'or drop it here')}</span>
        <span class="soft">
          {say('文件只在本浏览器中检验，不会上传。', 'It is checked in this browser and never uploaded.')}
        </span>
      </label>
      <div aria-live="polite">
        <p class="verdict">
          <span class="when checking">{say('正在检验…', 'Checking…')}</span>
          <span class="when proved">
            {say(
              '✓ 文件真实：签名有效，自签署以来未经改动。',
              '✓ Genuine: the signature is valid and not one byte was changed.',
            )}
          </span>
          <span class="when failed">{say('✗ 文件不可信：', '✗ Not to be trusted: ')}</span>
          <span class="when other">
            {say('✗ 文件真实，但不是此编码对应的文书。', '✗ A genuine file, but not the document of this code.')}
          </span>
          <span class="when error">
            {say(
              '无法检验：请检查网络，或换用较新的浏览器。',
              'It could not be checked: no connection, or a browser that is too old.',
            )}
          </span>
          <span class="when idle">
            {say(
              '浏览器须启用脚本才能在此检验；也可由技术人员用命令行工具检验。',
              'Needs scripts; `yitong report verify` does the same.',
            )}
          </span>
          <span data-fault=""></span>
        </p>
        <ol class="steps">
          {step(
            'form',
            say('文件完整，签名覆盖全文', 'whole, and signed as a whole'),
            '文件不完整、已被改写，或不是本平台出具的文书',
          )}
          {step('digest', say('内容与签署时一致', 'the bytes that were signed'), '文件内容在签署之后被改动')}
          {step('signature', say('签名与证书相符', 'signed by the certificate’s key'), '签名与所附证书不符')}
          {step(
            'certificate',
            say('证书由本平台签发', 'a certificate of this platform'),
            '签名证书不是本平台签发，或签署时不在有效期内',
          )}
          {step('model', say('各部分与其摘要一致', 'each section has its digest'), '所附数据与摘要不符')}
        </ol>
        <p class="soft" data-about=""></p>
      </div>
    </section>
  );
}

/** Of the form, as an element. */
export const VERIFY_FORM = 'verify';

interface VerifyFormProps {
  readonly language: Language;
  readonly csrf: string | undefined;
  /** Whether compliance codes are answered here. */
  readonly codes: boolean;
  /** As it was typed before. */
  readonly code?: string;
  /** What is wrong with it. */
  readonly fault?: Localised | undefined;
}

export function verifyForm({ language, csrf, codes, code = '', fault }: VerifyFormProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  return (
    <>
      {fault === undefined ? null : (
        <FaultSummary language={language} lines={[{ text: fault[language], to: 'f-code' }]} />
      )}
      <h1>{say('文书核验', 'Verify a document')}</h1>
      <p class="lead">
        {say(
          '凭文书上的核验码查看：是否真实、何时为谁出具、出具之后有无变化。无需登录；文书的企业会看到这次核验。',
          'By the code on the document: whether it is genuine, when it was issued and for whom, and what has ' +
            'changed since. Nobody signs in; the company sees that it was verified.',
        )}
      </p>
      <form class="card pad row" method="post" action="/verify" id={VERIFY_FORM}>
        {csrf === undefined ? null : <input type="hidden" name="csrf" value={csrf} />}
        <TextField
          class="grow"
          name="code"
          label={say(
            '核验码（28 位，不分大小写，连字符可省略）',
            'Code (28 letters and digits; case and hyphens do not matter)',
          )}
          value={code}
          fault={fault}
          required
          minLength={28}
          maxLength={60}
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          placeholder="XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX"
        />
        <button class="button low" type="submit">
          {say('核验', 'Verify')}
        </button>
      </form>
      <h2>{say('检验 PDF 文件', 'Check a PDF')}</h2>
      <Drop language={language} />
      {codes ? (
        <>
          <p class="foot">
            {say('企业出示的是手机合规码？', 'The company shows a compliance code on its phone?')}{' '}
            <a href="/compliance">{say('扫合规码', 'Ask by it')}</a>
          </p>
          <p class="foot">
            {say(
              '收到的报告较多的单位，可将业务系统接入：一次核验至多 1,000 份，报告此后有变化或被撤销的，' +
                '数秒内得到通知。请向出具单位申请接入。',
              'Whoever is handed many can connect a system: it verifies up to 1,000 at once, and is told ' +
                'within seconds when one changes or is revoked. Ask the issuer for it.',
            )}
          </p>
        </>
      ) : null}
    </>
  );
}

/** @param again what the form held; undefined where the code stands in the address */
export function verifiedView({
  language,
  again,
  outcome,
  issued,
  revokedAt,
  issuer,
  subjects = [],
  changes,
}: Found & { readonly language: Language; readonly again: Readonly<Record<string, string>> | undefined }): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  if (issued === undefined) {
    return (
      <>
        <h1>{say('核验结果', 'Verification')}</h1>
        <div class="outcome bad">
          <div role="status">
            <b>{say('✗ 查无此文书', '✗ No such document')}</b>
            <p>
              {say(
                '此核验码不对应任何文书：可能抄写有误、文书已过保存期，或文书是伪造的。请先逐位核对；' +
                  '仍查无此文书的，请向文书载明的出具单位查证，查证之前不要采信。',
                'The code belongs to no document: mistyped, past the time for which it is kept, or forged. ' +
                  'Compare it sign by sign; if there is still none, ask the issuer that the document names, and do ' +
                  'not rely on it before.',
              )}
            </p>
          </div>
        </div>
        <p>
          <a class="button" href="/verify">
            {say('重新输入', 'Try again')}
          </a>
        </p>
      </>
    );
  }
  const { model, document } = issued;
  const ways = issuer === undefined ? [] : waysTo(issuer, language);
  const changed = outcome === 'changed';
  const several = subjects.length > 1;
  const at = changes === undefined ? undefined : localSecond(changes.at);
  const told = (changes?.sections ?? []).map((change) => ({
    change,
    subject: subjects[change.subject],
    domain: model.domains[change.domain],
  }));
  return (
    <>
      <h1>{say('核验结果', 'Verification')}</h1>
      <div class={`outcome ${revokedAt !== undefined ? 'bad' : changed ? 'warn' : 'ok'}`} data-outcome={outcome}>
        <div role="status">
          {revokedAt !== undefined ? (
            <>
              <b>{say('✗ 已撤销', '✗ Revoked')}</b>
              <p>
                {say(
                  `出具单位已于 ${localSecond(revokedAt)} 撤销这份文书，不得再作为证明使用。`,
                  `Its issuer revoked this document at ${localSecond(revokedAt)}; it proves nothing any more.`,
                )}
              </p>
            </>
          ) : (
            <>
              <b>
                {changed
                  ? say('! 真实，但出具之后有变化', '! Genuine, but changed since issue')
                  : say('✓ 真实有效', '✓ Genuine')}
              </b>
              <p>
                {at === undefined
                  ? say(
                      '报告的定义已停用，无法与登记比对。',
                      'The definition of this report is no longer in use, so it cannot be compared with the registers.',
                    )
                  : changed
                    ? say(
                        `截至 ${at}，以下部分与出具时不同。请要求企业重新出具。`,
                        `As of ${at} the sections below stand otherwise. Ask the company for a new one.`,
                      )
                    : say(`截至 ${at}，各部分与出具时一致。`, `As of ${at} every section stands as it was issued.`)}
              </p>
            </>
          )}
        </div>
        {again === undefined ? (
          <a class="quiet" href="?">
            {say('重新核验', 'Look again')}
          </a>
        ) : (
          <form class="again" method="post" action="/verify">
            {Object.entries(again).map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
            <button class="quiet" type="submit">
              {say('重新核验', 'Look again')}
            </button>
          </form>
        )}
      </div>
      <div class="card">
        <dl class="facts">
          <dt>{say('文书', 'Document')}</dt>
          <dd>{model.title[language]}</dd>
          <dt>{say('出具单位', 'Issued by')}</dt>
          <dd>
            {model.issuer[language]}
            {ways.length === 0 ? null : <span class="plain soft">{ways.join(say('，', ', '))}</span>}
          </dd>
          <dt>{say('出具时间', 'Issued at')}</dt>
          <dd>
            <time dateTime={model.issuedAt}>{localSecond(model.issuedAt)}</time>
          </dd>
          <dt>{say('企业', 'About')}</dt>
          <dd>
            {subjects.slice(0, 12).map(({ name, key }) => (
              <span class="plain">
                {name} <span class="mono soft">{key}</span>
              </span>
            ))}
            {subjects.length > 12 ? (
              <span class="plain soft">
                {say(`等 ${String(subjects.length)} 家`, `and ${String(subjects.length - 12)} more`)}
              </span>
            ) : null}
          </dd>
          {model.leftOut === undefined ? null : (
            <>
              <dt>{say('未列入的企业', 'Left out')}</dt>
              <dd>
                {say(
                  `${String(model.leftOut.length)} 家未授权，名称见文书`,
                  `${String(model.leftOut.length)} that have not authorised it; the document names them`,
                )}
              </dd>
            </>
          )}
          <dt>{say('查询期间', 'Period')}</dt>
          <dd>
            {model.range.from} – {model.range.to}
          </dd>
          <dt>{say('用途', 'Purpose')}</dt>
          <dd>{model.purpose.name[language]}</dd>
          <dt>{say('数据截至', 'State of the registers')}</dt>
          <dd>{localSecond(model.cut.time)}</dd>
          <dt>{say('文书摘要', 'Digest')}</dt>
          <dd class="mono exact">{document}</dd>
        </dl>
      </div>
      {told.length === 0 ? null : (
        <>
          <h2>
            {changed ? say('出具之后的变化', 'What has changed since') : say('目前的差异', 'What stands otherwise now')}
          </h2>
          <div class="card">
            <table class="stack">
              <thead>
                <tr>
                  {several ? <th>{say('企业', 'About')}</th> : null}
                  <th>{say('领域', 'Domain')}</th>
                  <th>{say('变化', 'Change')}</th>
                </tr>
              </thead>
              <tbody>
                {told.map(({ change, subject, domain }) => (
                  <tr>
                    {several ? <td>{subject?.name}</td> : null}
                    <th scope="row">{domain?.title[language]}</th>
                    <td>
                      {wordsOf(change, language).map((word) => (
                        <span class="plain">{word}</span>
                      ))}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <h2>{say('检验手中的 PDF', 'Check the PDF you were given')}</h2>
      <Drop language={language} document={document} />
      <details class="raw">
        <summary>
          {say(
            `各部分的摘要（${String(model.sections.length)}）`,
            `Digest of each section (${String(model.sections.length)})`,
          )}
        </summary>
        <div class="card">
          <table class="stack">
            <thead>
              <tr>
                <th>{say('领域', 'Domain')}</th>
                <th>{say('摘要（SHA-256）', 'Digest (SHA-256)')}</th>
              </tr>
            </thead>
            <tbody>
              {model.sections.map((section) => (
                <tr>
                  <th>
                    {model.domains[section.domain]?.title[language]}
                    {several ? <span class="plain soft">{subjects[section.subject]?.name}</span> : null}
                  </th>
                  <td class="mono exact">{section.digest}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
      <p class="foot">
        {say(
          '本页不显示文书的内容；内容以持有人手中的文书为准。',
          'This page shows nothing of what the document says; that is what its holder gave you.',
        )}{' '}
        <a href="/verify">{say('核验另一份', 'Verify another')}</a>
      </p>
    </>
  );
}
