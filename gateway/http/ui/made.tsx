/** What every page says of itself at its end: as of when it is, and what it was made of. It stands on paper as well. */
import type { JSX } from 'preact';
import type { Localised } from '../../../contracts/localised.js';
import type { Language } from '../../ground/language/language.js';
import { localMinute } from '../../ground/language/time.js';

const log: Localised = { zh: '审计日志', en: 'the audit log' };
const matters: Localised = { zh: '共享事项记录', en: 'the record of matters of sharing' };
const cases: Localised = { zh: '办件记录', en: 'the record of cases' };
const bundles: Localised = { zh: '“一件事”事项内容', en: 'what the matters declare' };

/** By the path of a page, or of the pages above it: the longest that fits. */
const SOURCES: Readonly<Record<string, Localised>> = {
  '/': { zh: '数据目录、审计日志', en: 'the catalogue and the audit log' },
  '/compliance': { zh: '合规码和各部门登记信息', en: 'compliance codes and what the registers say' },
  '/console/alerts': { zh: '审计日志监测告警', en: 'alerts of the watch over the audit log' },
  '/console/applications': matters,
  '/console/applications/calendar': { zh: '共享事项记录、生效的授权', en: 'matters of sharing and grants in force' },
  '/console/authorisations': { zh: '报告授权记录', en: 'the record of authorisations' },
  '/console/calls': cases,
  '/console/case-figures': cases,
  '/console/casework': { zh: '办件记录和各部门登记信息', en: 'the record of cases and what the registers say' },
  '/console/complaints': { zh: '投诉工单、审计日志', en: 'tickets of complaints and the audit log' },
  '/console/compliance': { zh: '合规码记录', en: 'the record of compliance codes' },
  '/console/datasets': { zh: '数据契约、数据视图和质量记录', en: 'contracts, the view and measured quality' },
  '/console/developer': {
    zh: '生效的授权；沙箱记录均为虚构',
    en: 'grants in force; records of the sandbox are invented',
  },
  '/console/developer/interfaces': { zh: '接口描述', en: 'the description of the API' },
  '/console/developer/keys': { zh: '应用证书记录', en: 'the record of certificates' },
  '/console/entries': log,
  '/console/feeds': { zh: '数据源、读取记录和未通过校验的数据', en: 'feeds, their runs and rows held back' },
  '/console/grants': { zh: '生效的授权、审计日志', en: 'grants in force and the audit log' },
  '/console/guide-words': { zh: '办事引导记录', en: 'what the guide was asked' },
  '/console/history': log,
  '/console/home': { zh: '各项待办和本节点运行状况', en: 'what waits in each tray, and how this replica is' },
  '/console/log': log,
  '/console/matters': { zh: '办件记录和各部门登记信息', en: 'the record of cases and what the registers say' },
  '/console/messages': { zh: '工单和办件记录', en: 'the records of tickets and cases' },
  '/console/notices': { zh: '提醒记录', en: 'the record of notices' },
  '/console/overview': log,
  '/console/privileges': { zh: '生效的授权、审计日志', en: 'grants in force and the audit log' },
  '/console/replay': { zh: '审计日志、生效的政策', en: 'the audit log and the policies in force' },
  '/console/reports': { zh: '报告记录和各部门登记信息', en: 'the record of reports and what the registers say' },
  '/console/reviews': { zh: '审计日志、抽查记录', en: 'the audit log and the record of reviews' },
  '/console/search': log,
  '/console/sharing': { zh: '生效的授权、共享事项记录', en: 'grants in force and matters of sharing' },
  '/console/sharing/statistics': { zh: '共享事项记录、审计日志', en: 'matters of sharing and the audit log' },
  '/console/tickets': { zh: '工单记录和各部门登记信息', en: 'the record of tickets and what the registers say' },
  '/console/trends': {
    zh: '审计日志、质量记录和共享事项期限',
    en: 'the audit log, measured quality and terms of sharing',
  },
  '/guide': bundles,
  '/matters': bundles,
  '/numbers': { zh: '报告出具和核验累计', en: 'reports issued and verified so far' },
  '/ratings': { zh: '办件评价', en: 'ratings of cases' },
  '/verify': { zh: '文书签发和核验记录', en: 'documents issued, and their verifications' },
};

/**
 * What a page is made of, as its route says it, else by the path; undefined where it shows nothing of ours, as an error
 * does.
 */
export function sourceOf({
  url,
  config,
}: {
  readonly url?: string | undefined;
  readonly config?: { readonly source?: Localised } | undefined;
}): Localised | undefined {
  if (config?.source !== undefined) return config.source;
  for (let path = url ?? ''; path !== ''; path = path.slice(0, path.lastIndexOf('/')))
    if (Object.hasOwn(SOURCES, path)) return SOURCES[path];
  return undefined;
}

export function Made({
  source,
  at,
  language,
}: {
  readonly source: Localised;
  /** ms since 1970 */
  readonly at: number;
  readonly language: Language;
}): JSX.Element {
  const [before, after] =
    language === 'zh' ? ['数据截至 ', `（北京时间）；来源：${source.zh}`] : ['As of ', ` (UTC+8), from ${source.en}`];
  return (
    <p class="foot" data-made>
      {before}
      <time dateTime={new Date(at).toISOString()}>{localMinute(at)}</time>
      {after}
    </p>
  );
}
