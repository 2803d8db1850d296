import { loadReports, type ReportDefinition } from '../../../contracts/reports.js';
import type { Localised } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import type { ReportRow } from '../../client/index.js';
import { folders, text } from '../../ground/files/places.js';
import { localMinute } from '../../ground/language/time.js';
import { tableOption } from '../arguments.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { gatewayOptions } from '../gateway-options.js';
import { askingFor, reportNamed, reportOption } from '../report-options.js';
import { type Column, tabled } from '../table.js';

const columnsOf = (
  definitions: ReadonlyMap<string, ReportDefinition>,
  { words }: Invocation,
): readonly Column<ReportRow>[] => [
  { zh: '编号', en: 'id', cell: ({ id }) => id },
  { zh: '出具时间（北京时间）', en: 'issued at (UTC+8)', cell: ({ issuedAt }) => localMinute(issuedAt) },
  { zh: '报告', en: 'report', cell: ({ report: id }) => named(definitions.get(id)?.title, id, words) },
  {
    zh: '用途',
    en: 'purpose',
    cell: ({ report, purpose }) => named(definitions.get(report)?.purposes.get(purpose), purpose, words),
  },
  { zh: '使用单位', en: 'bearer', cell: ({ bearer }) => bearer },
  { zh: '企业数', en: 'companies', cell: ({ subjects }) => subjects },
  { zh: '领域数', en: 'domains', cell: ({ domains }) => domains },
  { zh: '保存至', en: 'kept until', cell: ({ keptUntil }) => keptUntil.slice(0, 10) },
  {
    zh: '状态',
    en: 'state',
    cell: ({ revokedAt }) =>
      words(revokedAt === undefined ? { zh: '有效', en: 'in force' } : { zh: '已撤销', en: 'revoked' }),
  },
];
const named = (name: Localised | undefined, id: string, words: Invocation['words']): string =>
  name === undefined ? id : words(name);

const command: Command = {
  summary: 'the reports that a company asked for',
  zh: '列出企业申请过的报告',
  usage: '--for COMPANY [-o table|json|csv]',
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: ['yitong report list --for uscc:91…'],
  options: {
    ...tableOption,
    report: { ...reportOption, describe: 'any report of the client that issues it' },
    for: { type: 'string', zh: '哪家企业', describe: 'the company, `uscc:91…`' },
    ...gatewayOptions,
  },
  async run(call) {
    const subject = text(call.values['for']);
    if (subject === undefined) throw new WrongUsage('name the company with --for');
    return askingFor(call, await reportNamed(call.values), async (gateway) => {
      const { reports } = await gateway.listReports(subject);
      call.json({ reports });
      const zh = call.language === 'zh';
      if (call.form === 'lines')
        for (const { id, report, issuedAt, purpose, subjects, domains, keptUntil } of reports)
          call.say(
            `${id}  ${issuedAt}  ${report}  ${purpose}  ${String(subjects)} ` +
              `${subjects === 1 ? 'company' : 'companies'}, ${String(domains)} domains  kept until ` +
              `${keptUntil.slice(0, 10)}`,
          );
      else if (call.form === 'csv' || reports.length > 0) {
        const definitions = await loadReports(await loadWorkspace(folders(call.values).workspace));
        call.table(tabled(columnsOf(definitions, call), reports, call));
      }
      if (reports.length === 0) call.say(zh ? '暂无报告' : 'none');
      return 0;
    });
  },
};
export default command;
