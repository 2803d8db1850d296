import { dataOfficerOf } from '../../../contracts/authorities.js';
import type { DatasetId } from '../../../contracts/ids.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import type { Client } from '../../../policies/types.js';
import { dataOption, folders, workspaceOption } from '../../ground/files/places.js';
import { localSecond } from '../../ground/language/time.js';
import type { Command, Invocation } from '../command.js';
import { healthOf, healthOption, look } from '../top/asking.js';
import { type Figures, figuresOf } from '../top/figures.js';
import { span } from '../top/lines.js';
import { diskStanding, type Named, type Standing, standingOf, UNNAMED } from '../top/standing.js';

const MARK: Readonly<Record<Standing['level'], string>> = { stop: '✗', see: '!', note: '·' };

/** One answer for whoever is woken: does it answer, what is wrong, what to do, who can. */
const command: Command = {
  summary: 'how a running city stands: what is wrong, what to do about it, and who can',
  zh: '查看运行状况：哪里有问题、如何处理、由谁处理',
  group: 'running',
  usage: '[--health URL] [--workspace D] [--data D] [--json]',
  wanting: {
    zh: '未就绪，或者有需要处理的问题',
    en: 'where it is not ready, or somebody should see to something',
  },
  examples: [
    'yitong status',
    'yitong status --health http://127.0.0.1:8445 --workspace /srv/city',
    'yitong status --zh',
    'yitong status --json | jq .findings[0]',
  ],
  options: { health: healthOption, workspace: workspaceOption, data: dataOption },
  async run(call) {
    const health = healthOf(call.values);
    const { samples, ready, reasons, warnings } = await look(health);
    const figures = figuresOf(samples, samples);
    const findings = [
      ...standingOf({ samples, reasons, warnings }, await namesIn(folders(call.values).workspace)),
      ...diskStanding(figures.disk),
    ];
    const wanting = findings.filter(({ level }) => level !== 'note').length;
    const { version, log, datasets, disk } = figures;
    call.json({ ok: ready && wanting === 0, health, ready, version, findings, log, datasets, disk });
    for (const line of lines(call, { health, ready, figures, findings, wanting, at: samples.at })) call.say(line);
    return ready && wanting === 0 ? 0 : 1;
  },
};
export default command;

interface Shown {
  readonly health: string;
  readonly ready: boolean;
  readonly figures: Figures;
  readonly findings: readonly Standing[];
  /** How many somebody should see to. */
  readonly wanting: number;
  /** ms since 1970 */
  readonly at: number;
}

function lines({ language, words }: Invocation, shown: Shown): readonly string[] {
  const { health, ready, figures, findings, wanting, at } = shown;
  const state = ready
    ? words({ zh: '就绪，正常答复', en: 'ready: it answers' })
    : words({ zh: '未就绪，不予答复', en: 'NOT READY: it answers nothing' });
  const who = words({ zh: '处理人：', en: 'who: ' });
  return [
    `${health}  ${figures.version ?? ''}  ${state}  ${localSecond(new Date(at).toISOString())}`,
    ...findings.flatMap(({ level, what, said, mend, who: whom, more }) => [
      '',
      `${MARK[level]} ${what[language]}`,
      // a Chinese reader is told what it means, and may have to pass on what was said
      ...(said === undefined || said === what[language] ? [] : [`    ${said}`]),
      `    → ${mend[language]}`,
      `    ${who}${whom[language]}${more === undefined ? '' : `  (docs/operating.md, ${more})`}`,
    ]),
    '',
    summary(figures, language),
    wanting === 0
      ? words({ zh: '一切正常', en: 'all is well' })
      : words({ zh: `${String(wanting)} 项需要处理`, en: `${String(wanting)} to see to` }),
  ];
}

function summary({ datasets, log, disk }: Figures, language: 'zh' | 'en'): string {
  const zh = language === 'zh';
  const behind = log.behindSeconds ?? 0;
  const entries = (log.entries ?? 0).toLocaleString('en');
  const left = disk === undefined ? undefined : `${((disk.free / disk.size) * 100).toFixed(0)} %`;
  return [
    datasets.all === 0
      ? zh
        ? '数据集状态未知'
        : 'how datasets stand is not known'
      : zh
        ? `${String(datasets.all)} 个数据集中 ${String(datasets.current)} 个为最新`
        : `${String(datasets.current)} of ${String(datasets.all)} datasets are current`,
    zh ? `审计日志 ${entries} 条` : `${entries} entries on record`,
    behind === 0
      ? zh
        ? '已全部公布'
        : 'all published'
      : zh
        ? `最早一条已等待公布 ${span(behind, 'zh')}`
        : `the oldest waits to be published for ${span(behind, 'en')}`,
    ...(left === undefined ? [] : [zh ? `磁盘剩余 ${left}` : `${left} of the disk free`]),
  ].join(zh ? '；' : '; ');
}

/** Of a gateway elsewhere there may be no workspace here, or one that does not load: ids do as well. */
async function namesIn(dir: string): Promise<Named> {
  try {
    const workspace = await loadWorkspace(dir, { allowUnregistered: true });
    const { clients } = await loadPolicies(workspace);
    return {
      dataset: (id) => {
        const name = workspace.contracts.get(id as DatasetId)?.name;
        return name === undefined ? UNNAMED.dataset(id) : { zh: name.zh, en: `${name.en} (\`${id}\`)` };
      },
      officerOf: (id) => {
        const contract = workspace.contracts.get(id as DatasetId);
        return contract === undefined ? UNNAMED.officerOf(id) : dataOfficerOf(workspace, contract.authority);
      },
      client: (id) => clients.get(id as Client['id'])?.name ?? UNNAMED.client(id),
    };
  } catch {
    return UNNAMED;
  }
}
