import { loadReports } from '../../../contracts/reports.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { localMinute } from '../../console/time.js';
import { tableOption } from '../arguments.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { gatewayOptions } from '../gateway-options.js';
import { folders, text } from '../places.js';
import { askingFor, reportNamed, reportOption } from '../report-options.js';

const command: Command = {
  summary: 'the reports that a company asked for',
  zh: '列出企业申请过的报告',
  usage: '--for COMPANY [-o table|json|csv]',
  wanting: 'where the gateway refuses',
  examples: ['yitong report list --for uscc:91…'],
  options: { ...tableOption, report: { ...reportOption, describe: 'any report of the client that issues it' }, for: { type: 'string', describe: 'the company, `uscc:91…`' }, ...gatewayOptions },
  async run(call) {
    const subject = text(call.values['for']);
    if (subject === undefined) throw new WrongUsage('name the company with --for');
    return askingFor(call, await reportNamed(call.values), async (gateway) => {
      const { reports } = await gateway.listReports(subject);
      call.json({ reports });
      const zh = call.language === 'zh';
      if (call.form === 'lines') for (const { id, report, issuedAt, purpose, subjects, domains, keptUntil } of reports) call.say(`${id}  ${issuedAt}  ${report}  ${purpose}  ${String(subjects)} ${subjects === 1 ? 'company' : 'companies'}, ${String(domains)} domains  kept until ${keptUntil.slice(0, 10)}`);
      else if (call.form === 'csv' || reports.length > 0) {
        const definitions = await loadReports(await loadWorkspace(folders(call.values).workspace));
        call.table({
          columns: zh ? ['编号', '出具时间（北京时间）', '报告', '用途', '使用单位', '企业数', '领域数', '保存至', '状态'] : ['id', 'issued at (UTC+8)', 'report', 'purpose', 'bearer', 'companies', 'domains', 'kept until', 'state'],
          rows: reports.map(({ id, report, issuedAt, purpose, bearer, subjects, domains, keptUntil, revokedAt }) => [
            id, localMinute(issuedAt), definitions.get(report)?.title[call.language] ?? report, definitions.get(report)?.purposes.get(purpose)?.[call.language] ?? purpose, bearer, subjects, domains, keptUntil.slice(0, 10), revokedAt === undefined ? (zh ? '有效' : 'in force') : zh ? '已撤销' : 'revoked',
          ]),
        });
      }
      if (reports.length === 0) call.say(zh ? '暂无报告' : 'none');
      return 0;
    });
  },
};
export default command;
