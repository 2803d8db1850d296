/** A client states a purpose that it never stated before. */
import { DAY } from '../recent.js';
import { watchRule } from '../rule.js';

interface Known {
  /** ms since 1970 */
  readonly since: number;
  readonly purposes: Record<string, true>;
}
/** Purposes remembered of one client: a workspace has few, and what it does not have is one. */
const MOST = 1000;

export default watchRule({
  title: { zh: '首次使用的用途', en: 'purpose never used before' },
  advice: {
    zh: '该应用首次以此用途查询。若授权确有此用途且业务刚上线，确认即可；否则请核实变更用途的原因。',
    en:
      'The client stated this purpose for the first time. If it is granted and the service is new, acknowledge; ' +
      'else ask why the purpose changed.',
  },
  thresholds: {
    learnDays: { default: 7, minimum: 0, describe: "days after a client's first request in which nothing is said" },
  },
  start: (): Record<string, Known> => ({}),
  see(clients, { client, time, purpose, index }, { learnDays }) {
    // `p:` keeps whatever a purpose is called apart from what every object has
    const key = `p:${purpose}`;
    const known = (clients[client] ??= { since: time, purposes: { [key]: true } });
    if (known.purposes[key] === true || Object.keys(known.purposes).length >= MOST) return undefined;
    known.purposes[key] = true;
    if (time - known.since < learnDays * DAY) return undefined;
    return { key: `${client} ${purpose}`, period: 0, client, facts: { purpose }, entries: [index] };
  },
});
