/** Which bus a command means. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BusSettings, busSettingsSchema } from '../../connectors/bus/open.js';
import { YitongError } from '../../contracts/errors.js';
import { readJson } from '../../contracts/files.js';
import { shape } from '../../contracts/validate.js';
import { NO_WORKSPACE } from '../../contracts/workspace.js';
import { namesBus, readBusSettings } from '../ground/config/bus.js';

export const busOption = {
  type: 'string',
  zh: '消息总线：内置，或按工作区设置',
  values: ['embedded', 'kafka'],
  describe: 'embedded, or kafka (section `bus` of yitong.json)',
} as const;

const check = shape<BusSettings>(busSettingsSchema, 'bad_config');

/** `--bus embedded`, or `--bus kafka` with the settings of yitong.json's section `bus` and of the environment. */
export async function busOf(given: string | undefined, workspace: string, data: string): Promise<BusSettings> {
  const file = join(workspace, 'yitong.json');
  if (!existsSync(file)) throw new YitongError('bad_workspace', NO_WORKSPACE, { place: { file } });
  const { bus } = (await readJson(file, 'bad_workspace')) as { bus?: unknown };
  if (given === 'embedded' || (given === undefined && !namesBus(bus, process.env)))
    return { driver: 'embedded', dir: join(data, 'bus') };
  if (given !== undefined && given !== 'kafka')
    throw new YitongError('bad_config', `--bus is \`embedded\` or \`kafka\`, not \`${given}\``);
  if (!namesBus(bus, process.env))
    throw new YitongError(
      'bad_config',
      'for --bus kafka, yitong.json needs a section `bus` with its brokers, or the environment `YITONG_BUS_*`',
      { place: { file } },
    );
  return readBusSettings(bus, { file }, process.env);
}

/** Settings like those of the section `bus`, from a file of their own. */
export async function busFrom(file: string): Promise<BusSettings> {
  return check(await readJson(file, 'bad_config'), { file });
}
