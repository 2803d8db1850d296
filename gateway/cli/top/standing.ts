/** How a gateway stands, for whoever is woken at night: what is wrong, what to do about it, and who can. Pure. */
import type { Localised } from '../../../contracts/localised.js';
import { present } from '../../../contracts/present.js';
import { explained, OPERATORS } from '../../ground/language/readiness.js';
import { span } from './lines.js';
import type { Samples } from './samples.js';

/** `stop`: nothing is answered. `see`: it works, and somebody should see to it. `note`: a department's daily work. */
export interface Standing {
  readonly level: 'stop' | 'see' | 'note';
  readonly what: Localised;
  readonly mend: Localised;
  readonly who: Localised;
  /** As the gateway says it itself. */
  readonly said?: string;
  /** Heading of docs/operating.md. */
  readonly more?: string;
}

/** Names of the workspace; without one, ids. */
export interface Named {
  dataset(id: string): Localised;
  /** Whom to ask about it, with their telephone where the workspace has it. */
  officerOf(dataset: string): Localised;
  client(id: string): Localised;
}

const both = (text: string): Localised => ({ zh: text, en: text });
export const UNNAMED: Named = {
  dataset: both,
  officerOf: (dataset) => ({ zh: '数据来源部门', en: `the authority of \`${dataset}\`` }),
  client: both,
};

interface Asked {
  readonly samples: Samples;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** The worst first. */
export function standingOf({ samples, reasons, warnings }: Asked, named: Named): readonly Standing[] {
  const said = [
    ...reasons.map((line) => saidStanding('stop', line, samples, named)),
    ...warnings.map((line) => saidStanding('see', line, samples, named)),
  ];
  const told = new Set(warnings.flatMap((line) => /(\S+\.\S+) has not been read since/.exec(line)?.[1] ?? []));
  const figures = RULES.flatMap((rule) => held(rule, samples, named));
  const all = [...said, ...datasetStandings(samples, told, named), ...figures];
  const rank = { stop: 0, see: 1, note: 2 } as const;
  // what each worker says is one thing
  const once = new Map(all.map((one) => [one.what.en.replace(/^worker \d+: /, ''), one]));
  return [...once.values()].sort((a, b) => rank[a.level] - rank[b.level]);
}

/** A reason or a warning, with the words for people that are known of it. */
function saidStanding(level: 'stop' | 'see', line: string, samples: Samples, named: Named): Standing {
  const known = explained(line);
  if (known === undefined)
    return {
      level,
      what: { zh: '网关有一项提示', en: line },
      said: line,
      mend: { zh: '详见运行手册与运行日志', en: 'docs/operating.md, "Every day", and its log (`yitong logs`)' },
      who: OPERATORS,
    };
  const dataset = samples
    .of('yitong_dataset_status')
    .map(({ labels }) => labels['dataset'] ?? '')
    .find((id) => id !== '' && line.split(/[\s:]+/).includes(id));
  const who =
    dataset === undefined
      ? known.who
      : {
          zh: `${known.who.zh}（${named.officerOf(dataset).zh}）`,
          en: `${known.who.en}: ${named.officerOf(dataset).en}`,
        };
  return {
    level,
    what: {
      zh: dataset === undefined ? known.what.zh : `${known.what.zh}：${named.dataset(dataset).zh}`,
      en: line,
    },
    said: line,
    mend: known.mend,
    who,
    ...present({ more: known.more }),
  };
}

/** Of datasets that are not current, unless a warning says so already. */
function datasetStandings(samples: Samples, told: ReadonlySet<string>, named: Named): readonly Standing[] {
  const of = (metric: string, dataset: string): number | undefined =>
    samples.of(metric).find(({ labels }) => labels['dataset'] === dataset)?.value;
  return samples.of('yitong_dataset_status').flatMap(({ labels: { dataset = '', status = '' }, value }): Standing[] => {
    if (value !== 1 || status === 'current' || told.has(dataset)) return [];
    const name = named.dataset(dataset);
    const [age, each] = [of('yitong_dataset_age_seconds', dataset), of('yitong_dataset_frequency_seconds', dataset)];
    const who = named.officerOf(dataset);
    if (status !== 'stale' || age === undefined)
      return [
        {
          level: status === 'never-loaded' ? 'note' : 'see',
          what:
            status === 'never-loaded'
              ? { zh: `${name.zh}尚未接入`, en: `${name.en} was never loaded` }
              : { zh: `${name.zh}暂不可读`, en: `${name.en} cannot be read now` },
          mend: {
            zh: '启动其接入程序；由部门推送的，请部门推送',
            en: `start its connector (\`yitong connector ${dataset} --once\`); where the department pushes, ask it to`,
          },
          who,
          more: 'YitongDatasetNeverLoaded',
        },
      ];
    return [
      {
        level: 'see',
        what: {
          zh:
            `${name.zh}未按约定更新：上次完整读取在 ${span(age, 'zh')}前` +
            (each === undefined ? '' : `，约定每 ${span(each, 'zh')}`),
          en:
            `${name.en} is late: last read in full ${span(age, 'en')} ago` +
            (each === undefined ? '' : `, promised every ${span(each, 'en')}`),
        },
        mend: {
          zh: '查看其接入程序；来源没有新数据的，与部门联系',
          en:
            `see its connector (\`yitong connector ${dataset} --once\`); ` +
            'if its source delivers nothing, ask the department',
        },
        who,
        more: 'YitongDatasetStale',
      },
    ];
  });
}

type Labels = Readonly<Record<string, string>>;

/** What a figure tells, as the alert of that name does. */
interface Rule {
  readonly alert?: string;
  readonly metric: string;
  readonly level: 'see' | 'note';
  holds(value: number, labels: Labels): boolean;
  /** The label by which samples of several processes are one. */
  readonly by: string;
  /** Only where all of them hold: what one process sees well is well. */
  readonly whole?: true;
  what(value: number, label: string, named: Named): Localised;
  mend(label: string): Localised;
  who(label: string, named: Named): Localised;
}

const GIB = 1_073_741_824;
const DAY = 86_400;
const count = (value: number): string => value.toLocaleString('en');

const RULES: readonly Rule[] = [
  {
    metric: 'yitong_process_up',
    level: 'see',
    by: 'process',
    holds: (value) => value === 0,
    what: (_, process) => ({
      zh: '有进程两秒内没有应答，本次查看不完整',
      en: `\`${process}\` did not answer within two seconds: what it knows is not in this answer`,
    }),
    mend: () => ({
      zh: '机器繁忙时稍后再看；一直如此的，查看其运行日志',
      en: 'a busy machine: look again; where it stays so, its log says why (`yitong logs`)',
    }),
    who: () => OPERATORS,
  },
  {
    alert: 'YitongWitnessMissing',
    metric: 'yitong_witness_up',
    level: 'see',
    by: 'witness',
    whole: true,
    holds: (value) => value === 0,
    what: (_, witness) => ({ zh: `见证机构 ${witness} 未签名`, en: `the witness \`${witness}\` does not cosign` }),
    mend: () => ({ zh: '与该机构联系', en: 'call its house; as long as the others suffice, nothing waits' }),
    who: () => ({ zh: '该见证机构', en: 'the house of that witness' }),
  },
  {
    alert: 'YitongSubscriptionBehind',
    metric: 'yitong_subscriptions_behind_seconds',
    level: 'see',
    by: 'client',
    holds: (value, { way }) => value > 600 && way !== 'poll',
    what: (value, client, named) => ({
      zh: `${named.client(client).zh}已 ${span(value, 'zh')}未接收变更通知`,
      en: `${named.client(client).en} has not taken what changed for ${span(value, 'en')}`,
    }),
    mend: () => ({
      zh: '请接收方恢复其接收程序；变更按序等候，不会丢失',
      en: 'its receiver is down or its certificate is not trusted; nothing is lost, all waits in order',
    }),
    who: (client, named) => ({
      zh: `${named.client(client).zh}的运行单位`,
      en: `whoever runs ${named.client(client).en}`,
    }),
  },
  {
    alert: 'YitongNoticeWaits',
    metric: 'yitong_notices_waiting_seconds',
    level: 'see',
    by: 'channel',
    holds: (value) => value > 600,
    what: (value, channel) => ({
      zh: `提醒已 ${span(value, 'zh')}未能发出`,
      en: `notices wait for ${span(value, 'en')}: the ${channel} does not take them`,
    }),
    mend: () => ({
      zh: '检查邮件服务器或接收地址',
      en: 'see to the mail server or webhook of the section `notices`; they are tried again for three days',
    }),
    who: () => OPERATORS,
  },
  {
    alert: 'YitongFeedRefused',
    metric: 'yitong_feed_state',
    level: 'see',
    by: 'feed',
    holds: (value, { state }) => value === 1 && state === 'refused',
    what: (_, feed, named) => ({
      zh: `${named.dataset(feed).zh}：来源数据骤减，本次未采用`,
      en: `${named.dataset(feed).en}: its source lacked more records than is allowed, so nothing was withdrawn`,
    }),
    mend: (feed) => ({
      zh: '先与部门核对来源；确属实情的，用接入命令确认',
      en:
        'look at the source with its department; if the change is real: ' +
        `\`yitong connector ${feed} --once --accept-shrink\``,
    }),
    who: (feed, named) => named.officerOf(feed),
  },
  {
    alert: 'YitongReplicationBacklog',
    metric: 'yitong_feed_backlog_bytes',
    level: 'see',
    by: 'feed',
    holds: (value) => value > GIB,
    what: (value, feed, named) => ({
      zh: `${named.dataset(feed).zh}：来源数据库为本接入程序积压 ${(value / GIB).toFixed(1)} GiB`,
      en: `${named.dataset(feed).en}: its database keeps ${(value / GIB).toFixed(1)} GiB for a feed that does not read`,
    }),
    mend: () => ({
      zh: '启动接入程序',
      en: "start the connector, or see why it is slow: it is the department's disk that fills",
    }),
    who: () => OPERATORS,
  },
  {
    alert: 'YitongViewBehind',
    metric: 'yitong_view_lag_seconds',
    level: 'see',
    by: 'dataset',
    holds: (value) => value > 300,
    what: (value, dataset, named) => ({
      zh: `${named.dataset(dataset).zh}：查询看到的是 ${span(value, 'zh')}前的数据`,
      en: `${named.dataset(dataset).en}: queries see what was there ${span(value, 'en')} ago`,
    }),
    mend: () => ({ zh: '查看写入进程的负载与运行日志', en: 'the writer is short of processor, or its log says why' }),
    who: () => OPERATORS,
  },
  {
    alert: 'YitongVolumeNearlyUsed',
    metric: 'yitong_grant_volume_ratio',
    level: 'see',
    by: 'grant',
    holds: (value) => value >= 0.8,
    what: (value, grant) => ({
      zh: `一项授权当日用量已达 ${(value * 100).toFixed(0)} %`,
      en: `the grant \`${grant}\` has used ${(value * 100).toFixed(0)} % of its calls of today`,
    }),
    mend: () => ({
      zh: '告知使用单位；用满后至次日零时前不再答复',
      en: 'tell whoever holds it; at the whole of it calls are refused until midnight in Shanghai',
    }),
    who: () => ({ zh: '使用单位', en: 'whoever holds the grant' }),
  },
  {
    alert: 'YitongCalendarEnding',
    metric: 'yitong_calendar_seconds_left',
    level: 'see',
    by: 'calendar',
    holds: (value) => value < 92 * DAY,
    what: (value, calendar) => ({
      zh: value > 0 ? `工作日历只排到 ${span(value, 'zh')}后` : '工作日历已经用完',
      en: `the calendar of working days \`${calendar}\` ${value > 0 ? `ends in ${span(value, 'en')}` : 'has ended'}`,
    }),
    mend: (calendar) => ({
      zh: '按国务院办公厅的放假通知补充下一年',
      en: `add the next year to contracts/calendars/${calendar}.json, with the notice that names its holidays`,
    }),
    who: () => ({ zh: '目录维护人员', en: 'whoever keeps the workspace' }),
  },
  {
    alert: 'YitongTicketsUnreadable',
    metric: 'yitong_tickets_unreadable',
    level: 'see',
    by: '',
    holds: (value) => value > 0,
    what: (value) => ({ zh: `有 ${count(value)} 件事项读不出来`, en: `${count(value)} tickets cannot be read` }),
    mend: () => ({ zh: '恢复原来的流程定义', en: 'put the lifecycle back as it was' }),
    who: () => ({ zh: '目录维护人员', en: 'whoever keeps the workspace' }),
  },
  {
    alert: 'YitongQuarantineRising',
    metric: 'yitong_quarantine_rows',
    level: 'note',
    by: 'dataset',
    holds: (value) => value > 0,
    what: (value, dataset, named) => ({
      zh: `${named.dataset(dataset).zh}有 ${count(value)} 行未通过检查`,
      en: `${named.dataset(dataset).en}: ${count(value)} rows are held back`,
    }),
    mend: (dataset) => ({
      zh: '在数据专员页面按原因处理',
      en: `\`yitong quarantine list --dataset ${dataset}\` says why; the rows are kept`,
    }),
    who: (dataset, named) => named.officerOf(dataset),
  },
  {
    alert: 'YitongWithdrawalsHeld',
    metric: 'yitong_feed_held_withdrawals',
    level: 'note',
    by: 'feed',
    holds: (value) => value > 0,
    what: (value, feed, named) => ({
      zh: `${named.dataset(feed).zh}有 ${count(value)} 条撤回等候确认`,
      en: `${named.dataset(feed).en}: ${count(value)} withdrawals are held`,
    }),
    mend: () => ({ zh: '由数据专员确认或保留', en: '`yitong withdrawals list`' }),
    who: (feed, named) => named.officerOf(feed),
  },
  {
    alert: 'YitongClocksOver',
    metric: 'yitong_clocks_over',
    level: 'note',
    by: 'lifecycle',
    holds: (value) => value > 0,
    what: (value) => ({
      zh: `有 ${count(value)} 个法定期限已过`,
      en: `${count(value)} terms of law ran out before somebody acted`,
    }),
    mend: () => ({ zh: '由承办部门办理', en: 'the console shows each department its own' }),
    who: () => ({ zh: '承办部门', en: 'the departments' }),
  },
];

/** Each label once: several processes may tell of it. */
function held(rule: Rule, samples: Samples, named: Named): readonly Standing[] {
  const by = new Map<string, { readonly value: number; readonly labels: Labels }[]>();
  for (const sample of samples.of(rule.metric)) {
    if (!Number.isFinite(sample.value)) continue;
    const label = sample.labels[rule.by] ?? '';
    by.set(label, [...(by.get(label) ?? []), sample]);
  }
  return [...by].flatMap(([label, all]): Standing[] => {
    const holding = all.filter(({ value, labels }) => rule.holds(value, labels));
    if (holding.length === 0 || (rule.whole === true && holding.length < all.length)) return [];
    const value = Math.max(...holding.map((one) => one.value));
    return [
      {
        level: rule.level,
        what: rule.what(value, label, named),
        mend: rule.mend(label),
        who: rule.who(label, named),
        ...present({ more: rule.alert }),
      },
    ];
  });
}

/** Share of the disk below which somebody should look, before an alert does. */
const LITTLE = 0.2;

export function diskStanding(disk: { readonly free: number; readonly size: number } | undefined): readonly Standing[] {
  if (disk === undefined || disk.free / disk.size >= LITTLE) return [];
  const left = `${((disk.free / disk.size) * 100).toFixed(0)} %`;
  return [
    {
      level: 'see',
      what: { zh: `磁盘只剩 ${left}`, en: `${left} of the disk are free` },
      mend: {
        zh: '用体检命令查看各部分大小与保存期限；不要手工删除数据目录中的文件',
        en:
          '`yitong doctor --only growth` says what takes the room and until when it is kept; remove nothing in the ' +
          'data folder by hand',
      },
      who: OPERATORS,
      more: 'YitongDiskFilling',
    },
  ];
}
