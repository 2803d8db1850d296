/**
 * Somebody tries doors: a client or a person who is refused again and again, a network address at which nobody knows
 * who knocks, or knocks from many addresses.
 */
import { present } from '../../../../contracts/present.js';
import { MINUTE, Recent } from '../recent.js';
import { type Finding, NAMED, watchRule } from '../rule.js';

interface Counted {
  readonly refusals: { readonly time: number; readonly index: number; readonly count: number }[];
  sum: number;
  /** An alert stands for what is over the threshold; the next comes once it was below. */
  raised: boolean;
}
/** Whoever is counted at a time: those seen last. */
const MOST = 10_000;

export default watchRule({
  title: { zh: '短时间内多次被拒', en: 'refused again and again' },
  advice: {
    zh: '短时间内多次被拒：已知应用或人员反复尝试其无权访问的内容，或有身份不明者反复尝试连接（证书无效、被吊销或没有证书）。请查看所列条目：是配置有误、证书过期，还是有人在试探；必要时封禁地址或暂停应用。',
    en:
      'Many refusals in a short time: a client or a person who tries what they may not, or somebody unknown who ' +
      'knocks (with no certificate, a bad or a revoked one). See the entries: a wrong setting, a certificate ' +
      'that is over, or somebody who tries doors? Block the address or suspend the client where it is that.',
  },
  thresholds: {
    refusals: { default: 60, minimum: 2, describe: 'refusals of one client or one person' },
    knocks: { default: 300, minimum: 2, describe: 'refusals, before anybody is known, of one network address' },
    sources: { default: 40, minimum: 2, describe: 'different network addresses that were refused so' },
    minutes: { default: 60, minimum: 1, describe: 'within so many minutes' },
  },
  window: ({ minutes }) => minutes * MINUTE,
  start: ({ sources, minutes }) => ({
    counted: new Map<string, Counted>(),
    sources: new Recent(minutes * MINUTE, 2 * sources, 1),
  }),
  see: () => undefined,
  refused({ counted, sources: addresses }, refusal, { refusals, knocks, sources, minutes }) {
    const { client, person, source, time, index, count } = refusal;
    const window = minutes * MINUTE;
    const who =
      client === undefined
        ? person === undefined
          ? `source ${source ?? ''}`
          : `person ${person}`
        : `client ${client}`;
    const about: Pick<Finding, 'period' | 'client' | 'subject'> = {
      period: Math.floor(time / window) * window,
      ...present({ client, subject: person }),
    };
    const one = counted.get(who) ?? { refusals: [], sum: 0, raised: false };
    counted.delete(who);
    counted.set(who, one);
    if (counted.size > MOST)
      for (const [first] of counted) {
        counted.delete(first);
        break;
      }
    const limit = client === undefined && person === undefined ? knocks : refusals;
    one.refusals.push({ time, index, count });
    one.sum += count;
    // what is out of the window goes, and what is so much that it is over the threshold without
    for (
      let first = one.refusals[0];
      first !== undefined && (first.time < time - window || one.sum - first.count >= limit);
      first = one.refusals[0]
    ) {
      one.refusals.shift();
      one.sum -= first.count;
    }
    const over = one.sum >= limit;
    const many =
      source === undefined ? undefined : addresses.crosses('all', source, refusal, ({ size }) => size >= sources);
    // one alert an entry: where both begin, the other does with the next
    if (many !== undefined)
      return { key: 'sources', ...about, facts: { sources: many.size, minutes }, entries: many.entries(NAMED) };
    const begins = over && !one.raised;
    one.raised = over;
    if (!begins) return undefined;
    const known = client !== undefined || person !== undefined;
    return {
      key: who,
      ...about,
      facts: { [known ? 'refusals' : 'knocks']: one.sum, minutes },
      entries: one.refusals.slice(-NAMED).map((each) => each.index),
    };
  },
});
