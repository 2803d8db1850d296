/** A client asks at an hour of the day, on a working day or at a weekend, at which it never does. */
import { DAY, HOUR, OFFSET } from '../recent.js';
import { NAMED, watchRule } from '../rule.js';

interface Habit {
  /** ms since 1970 */
  readonly since: number;
  /** `<weekend 0 or 1>-<hour>` → day on which it asked last, from 1970-01-01 in Shanghai. */
  readonly last: Record<string, number>;
  slot: string;
  day: number;
  count: number;
  /** Nothing in this slot for long, until today. */
  strange: boolean;
  entries: number[];
}

export default watchRule({
  title: { zh: '时段异常', en: 'unusual hour' },
  advice: {
    zh: '该应用在从未（或很久未）查询的时段发起查询。请核实是否为值班、批处理调整，或有人借用其凭证。',
    en:
      'The client asked at an hour at which it never did, or not for long. A shift or a batch that moved, or ' +
      'somebody else with its certificate?',
  },
  thresholds: {
    least: { default: 20, minimum: 1, describe: 'requests in the hour below which nothing is said' },
    days: { default: 28, minimum: 7, describe: 'days without a request at this hour that make it unusual' },
    learnDays: { default: 14, minimum: 0, describe: "days after a client's first request in which nothing is said" },
  },
  start: (): Record<string, Habit> => ({}),
  see(clients, { client, time, index, weight }, { least, days, learnDays }) {
    if (weight === 0) return undefined;
    const day = Math.floor((time + OFFSET) / DAY);
    const hour = Math.floor((time + OFFSET - day * DAY) / HOUR);
    // 1970-01-01 was a Thursday
    const weekend = (day + 4) % 7 === 0 || (day + 4) % 7 === 6;
    const slot = `${weekend ? 1 : 0}-${hour}`;
    const habit = (clients[client] ??= {
      since: time,
      last: {},
      slot: '',
      day: -1,
      count: 0,
      strange: false,
      entries: [],
    });
    if (slot !== habit.slot || day !== habit.day) {
      const last = habit.last[slot];
      habit.strange = last === undefined || day - last > days;
      habit.slot = slot;
      habit.day = day;
      habit.count = 0;
      habit.entries = [];
    }
    habit.last[slot] = day;
    habit.count++;
    if (!habit.strange) return undefined;
    habit.entries.push(index);
    if (habit.entries.length > NAMED) habit.entries.shift();
    if (habit.count !== least || time - habit.since < learnDays * DAY) return undefined;
    return {
      key: `${client} ${slot}`,
      period: day * DAY - OFFSET,
      client,
      facts: { hour, weekend: weekend ? 1 : 0, requests: habit.count },
      entries: [...habit.entries],
    };
  },
});
