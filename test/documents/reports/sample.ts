/**
 * A model for tests of the documents: as large as asked, with every state of a section, and Chinese as registers have
 * it. Deterministic by its seed.
 */
import { hash } from 'node:crypto';
import { canonicalJson } from '../../../contracts/canonical.js';
import type { ReportModel, ReportRecord, ReportSection } from '../../../gateway/documents/model/model.js';

const DOMAINS = [
  '市场监管',
  '药品监管',
  '知识产权',
  '税务',
  '社会保险',
  '劳动用工',
  '住房公积金',
  '消防安全',
  '公安管理',
  '生态环境',
  '安全生产',
  '住房城乡建设',
  '房屋管理',
  '规划资源',
  '交通运输',
  '水务',
  '海洋',
  '绿化林业',
  '市容环卫',
  '城管执法',
  '农业农村',
  '商务',
  '发展改革',
  '经济信息化',
  '科技',
  '教育',
  '民政',
  '司法行政',
  '财政',
  '文化旅游',
  '文物',
  '新闻出版版权',
  '卫生健康',
  '医疗保障',
  '体育',
  '统计',
  '地方金融',
  '民防',
  '气象',
  '粮食物资储备',
  '烟草专卖',
];

const digestOf = (salt: string, section: object): string =>
  hash('sha256', Buffer.concat([Buffer.from(salt, 'base64url'), Buffer.from(canonicalJson(section))]), 'base64url');

function record(subject: number, domain: number, n: number): ReportRecord {
  return {
    kind: 'penalty',
    dataset: 'samr.penalties',
    register: { zh: `${DOMAINS[domain] ?? ''}行政处罚信息`, en: `Penalties of domain ${String(domain + 1)}` },
    authority: { zh: '云州市市场监督管理局', en: 'Market Regulation of Yunzhou' },
    facts: [
      {
        field: 'decisionNumber',
        title: { zh: '处罚决定书文号', en: 'Number of the decision' },
        value: `云市监处罚〔2025〕${String(100 + subject * 41 + domain)}-${String(n)}号`,
      },
      {
        field: 'conduct',
        title: { zh: '违法行为', en: 'Conduct' },
        value: '未按规定公示年度报告，经责令限期改正后逾期未改正；同时存在擅自变更主要经营场所未办理变更登记的情形',
      },
      { field: 'kinds', title: { zh: '处罚种类', en: 'Kinds' }, value: { zh: '罚款', en: 'fine' } },
      { field: 'fine', title: { zh: '罚款（元）', en: 'Fine (CNY)' }, value: '12,500.00' },
    ],
    endedOn: '2025-03-14',
    reportableUntil: '2030-03-14',
    displayed: true,
    marks: n === 1 ? ['objection', 'correction'] : [],
    version: `0:${String(subject * 1000 + domain * 10 + n)}`,
  };
}

export function sampleReport({
  subjects = 1,
  domains = 41,
  seed = 1,
}: {
  readonly subjects?: number;
  readonly domains?: number;
  readonly seed?: number;
} = {}): ReportModel {
  const sections = Array.from({ length: subjects * domains }, (_, i): ReportSection => {
    const subject = Math.floor(i / domains);
    const domain = i % domains;
    const missing = [
      {
        authority: 'water',
        name: { zh: '云州市水务局', en: 'Water Authority of Yunzhou' },
        since: '2026-11-20T01:00:00.000Z',
      },
    ];
    const kind = (i * 7 + seed) % 12;
    const body: Omit<ReportSection, 'salt' | 'digest'> = {
      subject,
      domain,
      state: kind === 0 ? 'records' : kind === 1 ? 'at_least' : kind === 2 ? 'not_answered' : 'none',
      records:
        kind === 0
          ? [record(subject, domain, 0), record(subject, domain, 1)]
          : kind === 1
            ? [record(subject, domain, 0)]
            : [],
      missing: kind === 1 || kind === 2 ? missing : [],
      asOf: '2026-11-24T01:00:00.000Z',
    };
    const salt = hash('sha256', `${String(seed)} ${String(i)}`, 'buffer')
      .subarray(0, 16)
      .toString('base64url');
    return { ...body, salt, digest: digestOf(salt, body) };
  });
  return {
    format: 'yitong-report/1',
    report: 'credit',
    definition: hash('sha256', 'definition', 'base64url'),
    title: {
      zh: '专用信用报告（替代有无违法违规记录证明）',
      en: 'Credit report in place of no-violation certificates',
    },
    issuer: { zh: '云州市公共信用信息中心', en: 'Public Credit Information Centre of Yunzhou' },
    synthetic: true,
    issuedAt: '2026-11-24T02:03:04.567Z',
    cut: { time: '2026-11-24T02:03:04.500Z', digest: hash('sha256', 'cut', 'base64url') },
    range: { from: '2023-11-24', to: '2026-11-24' },
    purpose: { id: 'credit-report', name: { zh: '申请首次公开发行股票并上市', en: 'application for listing' } },
    bearer: '云州证券股份有限公司',
    subjects: Array.from({ length: subjects }, (_, n) => ({
      subject: `uscc:9199010${String(n % 10)}MA0000${String(1000 + n)}X`.slice(0, 23),
      name: `云州${'晨光明月江海山川'[n % 8] ?? ''}实业集团有限公司${n === 0 ? '' : `第${String(n)}分公司`}`,
      relation: n === 0 ? 'self' : 'subsidiary',
    })),
    domains: DOMAINS.slice(0, domains).map((zh, n) => ({
      id: `d${String(n + 1)}`,
      title: { zh, en: `Domain ${String(n + 1)}` },
    })),
    sections,
    notes: [{ zh: '领域名录为示例，非官方公布名录。', en: 'The list of domains is a stand-in, not the official one.' }],
  };
}
