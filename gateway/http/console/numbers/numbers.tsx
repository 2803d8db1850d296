/** How many certificates reports have replaced. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Numbers } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { Id } from '../../ui/id.js';

interface NumbersProps {
  readonly language: Language;
  readonly numbers: Numbers;
  readonly reports: readonly { readonly id: string; readonly title: Localised; readonly domains: number }[];
}

export function numbersView({ language, numbers, reports }: NumbersProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const count = (n: number): string => n.toLocaleString('en');
  const { issued, certificates, verified } = numbers;
  const all = verified.genuine + verified.changed + verified.revoked + verified.unknown;
  return (
    <>
      <h1>{say('应用成效', 'One report in place of a stack of certificates')}</h1>
      <p class="lead">
        {say(
          '一份专用信用报告可代替企业在各领域分别开具的无违法违规记录证明。',
          'A report answers once for each domain and company: each was a certificate that a department had to write.',
        )}
      </p>
      <div class="tiles">
        <div class="tile">
          <b>{count(issued)}</b>
          <span>{say('已出具报告份数', 'reports issued')}</span>
        </div>
        <div class="tile">
          <b>{count(certificates)}</b>
          <span>{say('代替证明份数', 'certificates replaced')}</span>
        </div>
        <div class="tile">
          <b>{count(all)}</b>
          <span>{say('核验次数', 'verifications')}</span>
        </div>
        <div class="tile">
          <b>{count(verified.changed)}</b>
          <span>{say('其中出具后有变化', 'of them showed a change since issue')}</span>
        </div>
        <div class="tile">
          <b>{count(verified.revoked)}</b>
          <span>{say('其中文书已撤销', 'of them showed a revoked document')}</span>
        </div>
        <div class="tile">
          <b>{count(verified.unknown)}</b>
          <span>{say('其中查无此文书', 'of them found no such document')}</span>
        </div>
      </div>
      <h2>{say('可以申请的报告', 'Reports that can be asked for')}</h2>
      <div class="card">
        {reports.length === 0 ? (
          <p class="empty">{say('暂无数据', 'None yet.')}</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th>{say('报告', 'Report')}</th>
                <th class="n">{say('领域数', 'Domains')}</th>
              </tr>
            </thead>
            <tbody>
              {reports.map(({ id, title, domains }) => (
                <tr>
                  <th>
                    {title[language]}
                    <Id language={language}>{id}</Id>
                  </th>
                  <td class="n">{domains}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <p class="foot">
        {say('自本平台启用起累计。', 'Since this platform began; the metrics say the same.')}{' '}
        <a href="/verify">{say('核验一份文书', 'Verify a document')}</a>
      </p>
    </>
  );
}
