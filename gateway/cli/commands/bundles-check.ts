import { relative } from 'node:path';
import { readDeclared } from '../../answer/inforce/declared.js';
import { folders, workspaceOption } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { didYouMean } from '../near.js';

/** What `contracts check` says, of bundles and elements alone. */
const command: Command = {
  summary: 'checks bundles: elements, rules, order, materials, citations',
  zh: '检查“一件事”：数据元、规则、先后、材料、法律依据',
  usage: '[bundle] [--workspace D]',
  takes: 1,
  wanting: 'where a bundle has an error',
  examples: ['yitong bundles check', 'yitong bundles check open-restaurant --json'],
  options: { workspace: workspaceOption },
  async run(call) {
    const [name] = call.positionals;
    const { workspace, bundles, findings: all } = await readDeclared(folders(call.values).workspace);
    const wanted = name === undefined ? undefined : `bundles/${name}`;
    const findings = all.filter(({ dataset }) =>
      wanted === undefined
        ? dataset === 'elements' || dataset.startsWith('bundles/')
        : dataset === 'elements' || dataset === wanted,
    );
    if (name !== undefined && !bundles.bundles.has(name) && !findings.some(({ dataset }) => dataset === wanted))
      throw new WrongUsage(`there is no bundle \`${name}\`${didYouMean(name, bundles.bundles.keys())}`);
    for (const { severity, dataset, code, message, place } of findings) {
      call.say(`${severity.padEnd(5)}  ${dataset}  ${message} [${code}]`);
      if (place !== undefined) call.say(`       ${relative(workspace.dir, place.file)}`);
    }
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    const checked = name === undefined ? bundles.bundles.size : 1;
    call.say(
      `${checked} bundle${checked === 1 ? '' : 's'}, ${bundles.elements.elements.size} elements: ` +
        `${errors} error${errors === 1 ? '' : 's'}, ${findings.length - errors} note` +
        (findings.length - errors === 1 ? '' : 's'),
    );
    call.json({ bundles: checked, elements: bundles.elements.elements.size, errors, findings });
    return errors > 0 ? 1 : 0;
  },
};
export default command;
