/** A client asks far more in an hour than it ever did. */
import { DAY, HOUR } from '../recent.js';
import { NAMED, watchRule } from '../rule.js';

interface Past {
  /** ms since 1970 */
  readonly since: number;
  hour: number;
  count: number;
  /** Of this hour; the newest. */
  entries: number[];
  /** Busiest hour of each day of the past: begin of the day, ms → requests. */
  readonly busiest: Record<string, number>;
}

export default watchRule({
  title: { zh: '查询量异常', en: 'unusual volume' },
  advice: {
    zh: '该应用一小时内查询的主体数远超其以往最忙的一小时。请向其主管部门核实：是新业务或补数，还是凭证外泄、程序失控。',
    en:
      'The client asked about far more subjects in an hour than in its busiest hour before. Ask its authority: a ' +
      'new service or a catch-up, or a stolen certificate, a program out of control?',
  },
  thresholds: {
    factor: { default: 3, minimum: 1, describe: 'times its own busiest hour' },
    least: { default: 500, minimum: 1, describe: 'subjects in an hour below which nothing is said' },
    days: { default: 14, minimum: 1, describe: 'days of its past that count' },
    learnDays: { default: 7, minimum: 0, describe: "days after a client's first request in which nothing is said" },
  },
  start: (): Record<string, Past> => ({}),
  see(clients, { client, time, index, weight }, { factor, least, days, learnDays }) {
    const hour = Math.floor(time / HOUR) * HOUR;
    const past = (clients[client] ??= { since: time, hour, count: 0, entries: [], busiest: {} });
    if (hour > past.hour) {
      const day = String(Math.floor(past.hour / DAY) * DAY);
      past.busiest[day] = Math.max(past.busiest[day] ?? 0, past.count);
      for (const old of Object.keys(past.busiest)) if (Number(old) < time - days * DAY) delete past.busiest[old];
      past.hour = hour;
      past.count = 0;
      past.entries = [];
    }
    const before = past.count;
    past.count += weight;
    past.entries.push(index);
    if (past.entries.length > NAMED) past.entries.shift();
    const usual = Math.max(0, ...Object.values(past.busiest));
    const limit = Math.max(least, factor * usual);
    if (time - past.since < learnDays * DAY || past.count <= limit || before > limit) return undefined;
    return {
      key: client,
      period: hour,
      client,
      facts: { subjects: past.count, busiestBefore: usual },
      entries: [...past.entries],
    };
  },
});
