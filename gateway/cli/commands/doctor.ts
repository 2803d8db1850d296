import { YitongError } from '../../../contracts/errors.js';
import { dataOption, folders, list, text, workspaceOption } from '../../ground/files/places.js';
import { busOption } from '../../operate/bus.js';
import { examine, loadChecks, type Result } from '../../operate/doctor/examine.js';
import { patientOf } from '../../operate/doctor/patient.js';
import type { Level } from '../../operate/doctor/port.js';
import type { Command } from '../command.js';
import { didYouMean } from '../near.js';

const MARK: Readonly<Record<Level, string>> = { ok: 'ok  ', note: 'note', warn: 'WARN', fail: 'FAIL' };

const command: Command = {
  summary: 'look at an installation and say what to mend',
  zh: '检查一套安装，指出需要修复之处',
  usage: '[--only CHECK …] [--deep] [--strict] [--workspace D] [--data D] [--bus embedded|kafka] [--json]',
  wanting: {
    zh: '有需要修复之处；严格检查时也包括需要关注之处',
    en: 'where something is to be mended; with --strict also where something is to be seen to',
  },
  examples: [
    'yitong doctor',
    'yitong doctor --workspace /srv/city --data /var/lib/yitong',
    'yitong doctor --only bus --only certificates',
    'yitong doctor --deep --strict --json',
  ],
  options: {
    only: {
      type: 'string',
      zh: '仅做此项检查',
      multiple: true,
      describe: 'only this check; several times for several; `--only list` names them',
    },
    deep: {
      type: 'boolean',
      zh: '也做耗时较长的检查：校验整份日志',
      describe: 'also what takes long: the whole log is verified',
    },
    strict: { type: 'boolean', zh: '有需要关注之处时退出码也为 1', describe: 'exit 1 for warnings too' },
    workspace: workspaceOption,
    data: dataOption,
    bus: busOption,
  },
  async run(call) {
    const { workspace: workspaceDir, data } = folders(call.values);
    const all = await loadChecks();
    const only = list(call.values['only']);
    if (only.includes('list')) {
      call.json({ checks: all.map(([name, { about }]) => ({ name, about })) });
      for (const [name, { about }] of all) call.say(`  ${name.padEnd(14)} ${about}`);
      return 0;
    }
    const unknown = only.find((name) => !all.some(([known]) => known === name));
    if (unknown !== undefined)
      throw new YitongError(
        'bad_request',
        `there is no check \`${unknown}\`${
          didYouMean(
            unknown,
            all.map(([name]) => name),
          ) || ';'
        } there are ${all.map(([name]) => name).join(', ')}`,
      );
    const patient = patientOf({
      workspaceDir,
      data,
      bus: text(call.values['bus']),
      deep: call.values['deep'] === true,
      signal: call.signal,
    });
    const say = ({ check, about, findings }: Result): void => {
      call.say(`${check}: ${about}`);
      for (const { level, what, mend } of findings) {
        call.say(`  ${MARK[level]}  ${what}`);
        if (mend !== undefined) call.say(`        → ${mend}`);
      }
    };
    const results = await examine(patient, only.length === 0 ? all : all.filter(([name]) => only.includes(name)), say);
    const count = (level: Level): number =>
      results.reduce((sum, { findings }) => sum + findings.filter((one) => one.level === level).length, 0);
    const [failed, warned] = [count('fail'), count('warn')];
    const well = failed === 0 && (call.values['strict'] !== true || warned === 0);
    call.json({ ok: well, failed, warned, workspace: workspaceDir, data, checks: results });
    call.say('');
    call.say(
      call.words(
        failed + warned === 0
          ? { zh: '一切正常', en: 'all is well' }
          : { zh: `${failed} 项需要修复，${warned} 项需要关注`, en: `${failed} to mend, ${warned} to see to` },
      ),
    );
    return well ? 0 : 1;
  },
};
export default command;
