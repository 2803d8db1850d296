import { present } from '../../../contracts/present.js';
import { type ReportBody, receiptId } from '../../client/index.js';
import { dayIn } from '../../documents/compute/index.js';
import { list, text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { gatewayOptions } from '../gateway-options.js';
import { lineFree } from '../progress.js';
import { askingFor, reportNamed, reportOption, sayModel } from '../report-options.js';

/**
 * A report is issued; or, with --preview, what it would say and whose authorisation is missing. Exit 1 where one is, or
 * the gateway refuses.
 */
const command: Command = {
  summary: 'issue a report on companies, in place of certificates',
  zh: '为企业出具报告，代替证明',
  usage:
    '--for COMPANY [--about COMPANY … | --group] [--leave-out] --purpose P --bearer NAME [--from DAY] [--to ' +
    'DAY] [--preview] [--json]',
  wanting: { zh: '缺少企业授权，或网关不予办理', en: 'where an authorisation is missing, or the gateway refuses' },
  examples: [
    'yitong report issue --for uscc:91… --group --purpose listing --bearer "云州证券股份有限公司"',
    'yitong report issue --report food-safety --for uscc:91… --domains health --purpose supply --bearer "第一中学" ' +
      '--preview',
  ],
  options: {
    report: reportOption,
    for: { type: 'string', zh: '申请的企业', describe: 'the company that asks, `uscc:91…`' },
    about: {
      type: 'string',
      zh: '报告所涉企业；默认：申请的企业',
      multiple: true,
      describe: 'a company that it is about; default: the one that asks',
    },
    group: {
      type: 'boolean',
      zh: '涉及该企业及其分支机构、子公司和控股股东',
      describe: 'about the company with its branches, subsidiaries and controlling shareholders',
    },
    'leave-out': {
      type: 'boolean',
      zh: '未授权的企业不列入报告，仅列出名称',
      describe: 'leave out those that have not authorised it; the report names them',
    },
    domains: {
      type: 'string',
      zh: '领域，以逗号分隔；默认为全部',
      describe: 'ids of domains, comma-separated; default all',
    },
    from: {
      type: 'string',
      zh: '起始日期；默认：截止日期前五年',
      describe: 'first day of conduct and events, YYYY-MM-DD; default: five years before --to',
    },
    to: { type: 'string', zh: '截止日期；默认：今天', describe: 'last day; default: today' },
    purpose: { type: 'string', zh: '报告的用途之一', describe: "one of the report's purposes" },
    bearer: { type: 'string', zh: '使用单位', describe: 'who is to be shown it' },
    preview: {
      type: 'boolean',
      zh: '不出具：仅显示将写明的内容，以及缺少哪些授权',
      describe: 'issue nothing: say what it would say, and whose authorisation is missing',
    },
    ...gatewayOptions,
  },
  async run(call) {
    const definition = await reportNamed(call.values);
    const [as, purpose, bearer] = ['for', 'purpose', 'bearer'].map((name) => text(call.values[name]));
    if (as === undefined || purpose === undefined || bearer === undefined)
      throw new WrongUsage('a report names --for, --purpose and --bearer');
    const about = list(call.values['about']);
    if (about.length > 0 && call.values['group'] === true) throw new WrongUsage('give --about or --group, not both');
    const to = text(call.values['to']) ?? dayIn(Date.now());
    const domains = text(call.values['domains'])?.split(',');
    const body: ReportBody = {
      report: definition.id,
      as,
      purpose,
      bearer,
      to,
      subjects: call.values['group'] === true ? 'group' : about.length > 0 ? about : [as],
      from:
        text(call.values['from']) ?? `${String(Number(to.slice(0, 4)) - 5)}${to.slice(4).replace('-02-29', '-02-28')}`,
      ...present({ domains }),
      ...(call.values['leave-out'] === true ? { leaveOut: true } : {}),
    };
    return askingFor(call, definition, async (gateway) => {
      if (call.values['preview'] === true) {
        const preview = await gateway.previewReport(body);
        call.json(preview);
        for (const { member, company } of preview.missing)
          call.say(`no authorisation for ${preview.members[member]?.name ?? ''}: ${company} has not given one`);
        if (preview.model !== undefined) sayModel(preview.model, call.say);
        return preview.model === undefined ? 1 : 0;
      }
      // on stderr, where it does not mix with what is asked for
      const issued = await gateway.issueReport(body, (done, of) => {
        lineFree();
        if (of > 1) process.stderr.write(`  ${String(done)} of ${String(of)} companies read\n`);
      });
      call.json(issued);
      sayModel(issued.model, call.say);
      call.say(`\nreport ${issued.id}, kept until ${issued.keptUntil.slice(0, 10)}`);
      call.say(`code   ${issued.code}   (told once; whoever has it can check the report)`);
      call.say(`receipt ${receiptId(issued.receipt)}`);
      return 0;
    });
  },
};
export default command;
