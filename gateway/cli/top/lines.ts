/** `yitong top` as lines of a terminal. */
import type { Localised } from '../../../contracts/localised.js';
import { localSecond } from '../../ground/language/time.js';
import type { Language } from '../command.js';
import { tableLines, widthOf } from '../table.js';
import type { Figures } from './figures.js';

const MOST_ROUTES = 8;
const MOST_DATASETS = 5;
const MB = 1_000_000;
const GB = 1_000_000_000;

const STATUS: Readonly<Record<string, Localised>> = {
  stale: { zh: '未及时更新', en: 'stale' },
  'never-loaded': { zh: '尚未接入', en: 'never loaded' },
  unavailable: { zh: '暂不可用', en: 'unavailable' },
};

const few = (value: number): string => (value === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1));
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const ms = (seconds: number | undefined): string =>
  seconds === undefined ? '–' : seconds === Infinity ? '> 10 s' : `≤ ${String(Math.round(seconds * 10_000) / 10)} ms`;

/** 90 s, 12 min, 5 h, 3 d */
export function span(seconds: number, language: Language): string {
  const units: readonly (readonly [number, Localised])[] = [
    [86_400, { zh: '天', en: 'd' }],
    [3600, { zh: '小时', en: 'h' }],
    [60, { zh: '分钟', en: 'min' }],
  ];
  const [size, unit] = units.find(([of]) => seconds >= 2 * of) ?? [1, { zh: '秒', en: 's' }];
  return `${String(Math.round(seconds / size))} ${unit[language]}`;
}

interface Shown {
  readonly figures: Figures;
  /** Why it is not ready, and what else it says of itself. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly health: string;
  /** ms since 1970 */
  readonly at: number;
}

export function topLines(shown: Shown, language: Language, width?: number): readonly string[] {
  const { figures, reasons, warnings, health, at } = shown;
  const say = (text: Localised): string => text[language];
  const table = (columns: readonly Localised[], rows: readonly (readonly string[])[]): readonly string[] =>
    rows.length === 0 ? [] : ['', ...tableLines({ columns: columns.map(say), rows }, width)];
  const state = figures.ready ? say({ zh: '就绪', en: 'ready' }) : say({ zh: '未就绪', en: 'NOT READY' });
  return [
    `${health}  ${figures.version ?? ''}  ${state}  ${localSecond(new Date(at).toISOString())}`,
    ...reasons.map((reason) => `  ✗ ${reason}`),
    ...warnings.map((warning) => `  ! ${warning}`),
    '',
    ...summary(figures, language),
    ...table(
      [
        { zh: '接口', en: 'route' },
        { zh: '每秒', en: 'per s' },
        { zh: '出错', en: 'failing' },
        { zh: '中位', en: 'median' },
        { zh: '百分之九十九', en: 'p99' },
      ],
      figures.routes
        .slice(0, MOST_ROUTES)
        .map(({ route, rate, failing, median, p99 }) => [route, few(rate), few(failing), ms(median), ms(p99)]),
    ),
    ...table(
      [
        { zh: '进程', en: 'process' },
        { zh: '处理器', en: 'cpu' },
        { zh: '内存（兆）', en: 'MB' },
        { zh: '繁忙', en: 'busy' },
        { zh: '重启', en: 'restarts' },
      ],
      figures.processes.map(({ process, up, cpu, memory, busy, restarts }) => [
        up ? process : `${process} ✗`,
        percent(cpu),
        memory === undefined ? '–' : (memory / MB).toFixed(0),
        busy === undefined ? '–' : percent(busy),
        String(restarts),
      ]),
    ),
    ...table(
      [
        { zh: '数据集', en: 'dataset' },
        { zh: '状态', en: 'state' },
        { zh: '距上次完整读取', en: 'last whole reading' },
      ],
      figures.datasets.others
        .slice(0, MOST_DATASETS)
        .map(({ dataset, status, age }) => [
          dataset,
          say(STATUS[status] ?? { zh: status, en: status }),
          age === undefined ? '–' : span(age, language),
        ]),
    ),
  ];
}

function summary(figures: Figures, language: Language): readonly string[] {
  const { log, datasets, slowest, disk } = figures;
  const zh = language === 'zh';
  const line = (title: Localised, text: string): string => {
    const said = title[language];
    return `${said}${' '.repeat(Math.max(1, 12 - widthOf(said)))}${text}`;
  };
  const [rate, failing, allowed, denied] = [figures.rate, figures.failing, figures.allowed, figures.denied].map(few);
  const connections = String(figures.connections);
  const published = log.behindSeconds === undefined || log.behindSeconds === 0;
  return [
    line(
      { zh: '答复', en: 'answers' },
      zh
        ? `每秒 ${rate}（出错 ${failing}）；提供 ${allowed}，不予提供 ${denied}；连接 ${connections}`
        : `${rate}/s (${failing} failing); ${allowed} allowed, ${denied} denied a second; ${connections} connections`,
    ),
    line(
      { zh: '审计日志', en: 'audit log' },
      [
        zh ? `${log.entries ?? 0} 条，每秒 ${few(log.rate)}` : `${log.entries ?? 0} entries, ${few(log.rate)}/s`,
        published
          ? zh
            ? '已全部公布'
            : 'all published'
          : zh
            ? `最早一条已等待公布 ${span(log.behindSeconds ?? 0, language)}`
            : `the oldest waits since ${span(log.behindSeconds ?? 0, language)}`,
        ...(log.faults === undefined || log.faults === 0
          ? []
          : [zh ? `${String(log.faults)} 处无法读取` : `${String(log.faults)} cannot be read`]),
      ].join(zh ? '；' : '; '),
    ),
    line(
      { zh: '数据集', en: 'datasets' },
      zh
        ? `共 ${String(datasets.all)} 个，${String(datasets.current)} 个为最新`
        : `${String(datasets.current)} of ${String(datasets.all)} current`,
    ),
    ...(slowest === undefined
      ? []
      : [
          line(
            { zh: '后台任务', en: 'tasks' },
            zh
              ? `最久未推进：${slowest.task}，${span(slowest.seconds, language)}`
              : `longest without a step: ${slowest.task}, ${span(slowest.seconds, language)}`,
          ),
        ]),
    ...(disk === undefined
      ? []
      : [
          line(
            { zh: '磁盘', en: 'disk' },
            zh
              ? `剩余 ${(disk.free / GB).toFixed(1)} GB，占 ${percent(disk.free / disk.size)}`
              : `${(disk.free / GB).toFixed(1)} GB free, ${percent(disk.free / disk.size)}`,
          ),
        ]),
    ...(figures.alerts === 0
      ? []
      : [
          line(
            { zh: '告警', en: 'alerts' },
            zh ? `新增 ${String(figures.alerts)} 件` : `${String(figures.alerts)} new`,
          ),
        ]),
  ];
}
