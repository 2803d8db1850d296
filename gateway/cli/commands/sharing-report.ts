import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { asking, contentIn, officerIn, sayMatter, sharingOptions } from '../sharing-options.js';

const KINDS = ['supervision-report', 'evaluation'] as const;

const command: Command = {
  summary: 'draft a report to the government or an evaluation, or fetch one that was approved as a signed PDF',
  zh: '起草监督情况报告或者考核评价；下载已审定并签名的文书',
  group: 'rights',
  usage:
    '<content.json> --kind supervision-report|evaluation --as client --officer O | <matter> --out FILE --as client',
  takes: 1,
  wanting: { zh: '网关不予答复', en: 'where the gateway refuses' },
  examples: [
    'yitong sharing report q3.json --kind supervision-report --as one-stop-counter --officer gao',
    'yitong sharing act 3f0c2d9a41e87b36 approve --as one-stop-counter --officer ling --role department-head',
    'yitong sharing report 3f0c2d9a41e87b36 --out q3.pdf --as one-stop-counter',
  ],
  options: {
    kind: { type: 'string', zh: '文书种类', describe: 'what is drafted', values: KINDS },
    out: { type: 'string', zh: '存放签名文书的文件', describe: 'where the signed PDF goes' },
    ...sharingOptions,
  },
  run: (call) => {
    const { values, positionals, say, language } = call;
    const [what] = positionals;
    const kind = KINDS.find((one) => one === text(values['kind']));
    const out = text(values['out']);
    if (what === undefined || (kind === undefined) === (out === undefined))
      throw new WrongUsage('name a file and `--kind` to draft, or a matter and `--out` to fetch');
    return asking(call, async (gateway) => {
      if (out !== undefined) {
        await writeFile(resolve(out), await gateway.sharingDocument(what), { mode: 0o600 });
        call.json({ matter: what, file: resolve(out) });
        say(language === 'zh' ? `签名文书已存入 ${out}` : `the signed document is in ${out}`);
        return;
      }
      const officer = officerIn({ ...values, role: 'sharing-authority' });
      const matter = await gateway.openMatter({
        machine: kind ?? '',
        act: 'draft',
        ...(await contentIn(what)),
        ...(officer === undefined ? {} : { officer }),
      });
      call.json(matter);
      sayMatter(call, matter);
    });
  },
};
export default command;
