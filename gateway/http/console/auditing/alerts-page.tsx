/** What the watching rules found. */

import type { JSX } from 'preact';
import type { Lifecycle } from '../../../../contracts/lifecycle/types.js';
import { factNames } from '../../../documents/words/entry.js';
import type { Names } from '../../../documents/words/names.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute, localSecond } from '../../../ground/language/time.js';
import type { Rules } from '../../../procedures/watch/rule.js';
import type { Alert } from '../../../procedures/watch/store.js';
import { Form, ReasonField, TickField } from '../../ui/form.js';
import { Id } from '../../ui/id.js';
import { addressOf, type Column } from '../../ui/list.js';
import { type Listed, type Listing, ListOf } from '../../ui/listing.js';
import { Picking } from '../../ui/picking.js';
import { numberOf, sayIn } from '../../ui/say.js';
import { nameOf } from '../tickets/words.js';

interface Common {
  readonly language: Language;
  readonly rules: Rules;
  readonly names: Names;
  readonly lifecycles: ReadonlyMap<string, Lifecycle>;
}

/** Which alerts are listed. */
export const SHOWS = ['open', 'all'] as const;
type Show = (typeof SHOWS)[number];

interface AlertsProps {
  readonly show: Show;
  /** How many there are of each. */
  readonly counts: Readonly<Record<Show, number>>;
  readonly alerts: Listed<Alert>;
}

const PATH = '/console/alerts';

const titleOf = (rules: Rules, rule: string, language: Language): string =>
  rules.get(rule)?.title[language] ?? (language === 'zh' ? '已停用的规则' : rule);
const nameOfFact = (name: string, language: Language): string =>
  Object.hasOwn(factNames, name) ? (factNames[name]?.[language] ?? '') : language === 'zh' ? '其他' : name;

/** Its figures in words. */
function factsOf({ facts }: Alert, { language, names, lifecycles }: Common): string {
  const lifecycle = lifecycles.get(String(facts['lifecycle'] ?? ''));
  const told = (name: string, value: string | number): string => {
    const text = String(value);
    switch (name) {
      case 'purpose':
        return names.purpose(text) ?? '';
      case 'ticket':
        return numberOf(text);
      case 'lifecycle':
        return lifecycle?.title[language] ?? (language === 'zh' ? '已停用的流程' : text);
      case 'clock':
        return lifecycle === undefined ? '' : nameOf(lifecycle.clocks, text, language);
      case 'party':
        return lifecycle === undefined ? '' : nameOf(lifecycle.parties, text, language);
      case 'missing':
        return Number(value) < 1 && Number(value) > 0 ? `${Math.round(Number(value) * 100)}%` : text;
      case 'weekend':
        return language === 'zh' ? (value === 1 ? '是' : '否') : value === 1 ? 'yes' : 'no';
      default:
        return text;
    }
  };
  return Object.entries(facts)
    .map(([name, value]) => `${nameOfFact(name, language)} ${told(name, value)}`)
    .join(language === 'zh' ? '，' : ', ');
}

/** What there is of an alert, and by what alerts are narrowed. */
export function alertListing(common: Common): Listing<Alert> {
  const { language, rules, names } = common;
  return {
    id: 'alerts',
    path: PATH,
    columns: columnsOf(common),
    keyOf: ({ id }) => id,
    words: {
      title: { zh: '规则、应用、数据', en: 'Rule, client, figures' },
      of: (alert) => [titleOf(rules, alert.rule, language), clientOf(alert, common), factsOf(alert, common)],
    },
    choices: [
      {
        id: 'rule',
        title: { zh: '规则', en: 'Rule' },
        of: ({ rule }) => [{ value: rule, title: titleOf(rules, rule, language) }],
      },
      {
        id: 'client',
        title: { zh: '应用', en: 'Client' },
        of: ({ client }) =>
          client === undefined ? [] : [{ value: client, title: names.client(client) ?? nameless(language) }],
      },
    ],
    period: { title: { zh: '时间', en: 'Time' }, at: ({ time }) => time },
  };
}

const nameless = (language: Language): string => (language === 'zh' ? '未登记的应用' : 'a client that is gone');
const clientOf = ({ client }: Alert, { names, language }: Common): string | undefined =>
  client === undefined ? undefined : (names.client(client) ?? nameless(language));

function columnsOf(common: Common): readonly Column<Alert>[] {
  const { language, rules } = common;
  const say = sayIn(language);
  const stateOf = ({ acknowledged }: Alert): string =>
    acknowledged === undefined ? say('待处理', 'open') : say('已确认', 'acknowledged');
  return [
    {
      id: 'pick',
      title: { zh: '选', en: 'Pick' },
      fixed: true,
      class: 'chooses',
      cell: ({ id, rule, time, acknowledged }) =>
        acknowledged === undefined ? (
          <TickField
            name="alert"
            value={id}
            label={
              <span class="unseen">
                {say('选择：', 'pick: ')}
                {titleOf(rules, rule, language)} {localMinute(time)}
              </span>
            }
          />
        ) : null,
    },
    {
      id: 'time',
      title: { zh: '时间', en: 'Time' },
      head: true,
      sorts: true,
      value: ({ time }) => localMinute(time),
      cell: ({ id, time }) => (
        <a href={`${PATH}/${id}`}>
          <time dateTime={new Date(time).toISOString()}>{localMinute(time)}</time>
        </a>
      ),
    },
    {
      id: 'rule',
      title: { zh: '规则', en: 'Rule' },
      sorts: true,
      value: ({ rule }) => titleOf(rules, rule, language),
      cell: ({ rule }) => titleOf(rules, rule, language),
    },
    {
      id: 'client',
      title: { zh: '应用', en: 'Client' },
      sorts: true,
      value: (alert) => clientOf(alert, common),
      cell: (alert) => clientOf(alert, common) ?? '–',
    },
    {
      id: 'facts',
      title: { zh: '数据', en: 'Figures' },
      wide: true,
      value: (alert) => factsOf(alert, common),
      cell: (alert) => factsOf(alert, common),
    },
    {
      id: 'state',
      title: { zh: '状态', en: 'State' },
      sorts: true,
      value: stateOf,
      cell: (alert) => (
        <span class={alert.acknowledged === undefined ? 'state warn' : 'state none'}>{stateOf(alert)}</span>
      ),
    },
  ];
}

/** What is picked of the list is acknowledged by one note: a rule that found the same thing twenty times. */
function Acknowledging({
  table,
  alerts,
}: {
  readonly table: JSX.Element;
  readonly alerts: Listed<Alert>;
}): JSX.Element {
  const { language, shown, keeps, state } = alerts;
  const say = sayIn(language);
  if (shown.filter(({ acknowledged }) => acknowledged === undefined).length < 2) return table;
  const back = addressOf({ path: PATH, keeps, state }, {}).slice(PATH.length);
  return (
    <Form action={`${PATH}/acknowledge`} hidden={{ back }}>
      <div class="row together" data-choose="alert">
        <ReasonField
          class="grow"
          name="note"
          label={say('对所选告警的处理说明（记入日志）', 'What was found out of those picked (goes on record)')}
        />
        <button class="button low" type="submit">
          {say('确认所选', 'Acknowledge those picked')}
        </button>
        <Picking language={language} all={say('全选', 'All')} picked={0} />
      </div>
      {table}
    </Form>
  );
}

export function alertsPage({ show, counts, alerts }: AlertsProps): JSX.Element {
  const { language } = alerts;
  const say = sayIn(language);
  const titles = { open: say('待处理', 'Open'), all: say('全部', 'All') };
  return (
    <>
      <h1>{say('告警', 'Alerts')}</h1>
      <p class="lead">
        {say(
          '系统按规则持续查看审计日志。告警仅提示异常，不代表违规；主体以代号显示。',
          'Rules read the audit log as it grows. An alert says that something is unusual, not that it is ' +
            'wrong; subjects stand here as pseudonyms.',
        )}
      </p>
      <nav class="pills" aria-label={say('状态', 'State')}>
        {SHOWS.map((one) => (
          <a href={`${PATH}?show=${one}`} aria-current={one === show ? 'true' : undefined}>
            {titles[one]} {counts[one]}
          </a>
        ))}
      </nav>
      <ListOf
        listed={alerts}
        around={(table) => <Acknowledging table={table} alerts={alerts} />}
        empty={
          counts.all === 0 ? (
            say('暂无告警', 'No alerts.')
          ) : (
            <>
              {say('没有待处理的告警。', 'No alert is open.')}{' '}
              <a href={`${PATH}?show=all`}>{say('显示全部', 'Show all')}</a>
            </>
          )
        }
      />
    </>
  );
}

interface AlertProps extends Common {
  readonly alert: Alert;
  /** Undefined where it was not acknowledged, or the person's key was destroyed. */
  readonly note: { readonly name: string; readonly note: string } | undefined;
}

export function alertPage(props: AlertProps): JSX.Element {
  const { language, rules, alert, note, names } = props;
  const say = (a: string, b: string): string => (language === 'zh' ? a : b);
  const { id, rule, time, client, subject, entries, acknowledged } = alert;
  return (
    <>
      <h1>{titleOf(rules, rule, language)}</h1>
      <p class="lead">{rules.get(rule)?.advice[language]}</p>
      <div class="card">
        <dl class="facts">
          <dt>{say('时间', 'Time')}</dt>
          <dd>{localSecond(time)}</dd>
          {client === undefined ? null : (
            <>
              <dt>{say('应用', 'Client')}</dt>
              <dd>
                <a href={`/console/search?client=${encodeURIComponent(client)}`}>{names.client(client)}</a>
                <Id language={language}>{client}</Id>
              </dd>
            </>
          )}
          {subject === undefined ? null : (
            <>
              <dt>{say('主体代号', 'Pseudonym of the subject')}</dt>
              <dd class="mono exact">{subject}</dd>
            </>
          )}
          <dt>{say('数据', 'Figures')}</dt>
          <dd>{factsOf(alert, props)}</dd>
          <dt>{say('编号', 'Id')}</dt>
          <dd class="mono exact">{id}</dd>
        </dl>
      </div>
      <h2>{say('相关日志', 'Its entries')}</h2>
      <p class="chips">
        {entries.map((index) => (
          <a class="chip" href={`/console/entries/${index}`}>
            {say(`第 ${index} 条`, `#${index}`)}
          </a>
        ))}
      </p>
      {acknowledged === undefined ? (
        <Form class="card pad row" action={`/console/alerts/${id}`}>
          <ReasonField
            class="grow"
            name="note"
            label={say('处理说明（记入日志）', 'What was found out (goes on record)')}
          />
          <button class="button low" type="submit">
            {say('确认', 'Acknowledge')}
          </button>
        </Form>
      ) : (
        <p class="notice">
          {say(`已于 ${localMinute(acknowledged.at)} 确认`, `Acknowledged at ${localMinute(acknowledged.at)}`)}
          {note === undefined ? '' : say(`：${note.name}：${note.note}`, `: ${note.name}: ${note.note}`)}
        </p>
      )}
    </>
  );
}
