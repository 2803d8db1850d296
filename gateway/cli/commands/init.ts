import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { readJson } from '../../../contracts/files.js';
import { present } from '../../../contracts/present.js';
import { registerSchemas } from '../../../contracts/register.js';
import { termOf } from '../../../policies/dates.js';
import { packageRoot, program, text } from '../../ground/files/places.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

/** The grants of a new workspace begin on the day on which it is made, and are for two years. */
async function beginTerms(grants: string, now: number): Promise<void> {
  const { from, until } = termOf(now, 2);
  for (const name of await readdir(grants)) {
    const text = await readFile(join(grants, name), 'utf8');
    await writeFile(
      join(grants, name),
      text.replace(/"from": "[^"]*"/, `"from": "${from}"`).replace(/"until": "[^"]*"/, `"until": "${until}"`),
    );
  }
}

const command: Command = {
  summary: 'a new workspace that works, to be filled with your own registers',
  zh: '建立一个可运行的新工作区',
  usage: '<dir> [--extends D]',
  takes: 1,
  examples: ['yitong init my-city', 'yitong init second-city --extends ../first-city'],
  options: {
    extends: {
      type: 'string',
      describe: 'build on another workspace: its datasets, feeds and policies count where yours say nothing',
    },
  },
  async run(call) {
    const given = call.positionals[0];
    if (given === undefined) throw new WrongUsage('name the folder of the new workspace');
    const dir = resolve(given);
    await mkdir(dir, { recursive: true });
    if ((await readdir(dir)).length > 0)
      throw new YitongError('bad_config', 'the folder is not empty; a workspace begins in an empty one', {
        place: { file: dir },
      });
    const base = text(call.values['extends']);
    if (base === undefined) {
      const root = packageRoot();
      await cp(join(root, 'gateway', 'cli', 'template'), dir, { recursive: true });
      // the base rules are the workspace's own from now on: they decide, so its people must be able to read and change
      // them
      await cp(join(root, 'policies', 'rules', 'base'), join(dir, 'policies', 'rules', 'base'), { recursive: true });
      await beginTerms(join(dir, 'policies', 'grants'), Date.now());
      await registerSchemas(dir);
    } else {
      // sections are not inherited; without this one, the base's invented registers would stay empty
      const { synthetic } = (await readJson(join(resolve(base), 'yitong.json'), 'bad_workspace')) as {
        synthetic?: unknown;
      };
      const settings = {
        name: { zh: '我的城市', en: 'My city' },
        prefix: 'my-city',
        extends: relative(dir, resolve(base)),
        ...present({ synthetic }),
      };
      await writeFile(join(dir, 'yitong.json'), `${JSON.stringify(settings, null, 2)}\n`);
    }
    call.json({ workspace: dir });
    call.say(`a workspace stands in ${given}`);
    if (base === undefined) {
      call.say('  inbox/shops.csv                            three shops: put your rows here');
      call.say('  contracts/datasets/office/shops/           what a row holds, who may see it, by which law');
      call.say('  connectors/feeds/office/shops.json         how columns become fields');
      call.say('  policies/grants/front-desk-shops.json      who may ask for which fields, and why');
    }
    call.say('');
    call.say('Next:');
    call.say(`  ${program()} up --workspace ${given}`);
    if (base === undefined)
      call.say(
        `  ${program()} query uscc:91990101MAEXA0001X --datasets office.shops --purpose permit-check --as ` +
          `front-desk --workspace ${given}`,
      );
    return 0;
  },
};
export default command;
