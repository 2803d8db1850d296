/** The same actor (经办人) works on very many cases. */
import { HOUR, Recent } from '../recent.js';
import { NAMED, watchRule } from '../rule.js';

export default watchRule({
  title: { zh: '同一经办人办件过多', en: 'same actor across many cases' },
  advice: {
    zh: '同一经办人在一个班次内涉及的办件数超出常理。可能是共用账号，或假借办件查询，请抽查其办件。',
    en:
      'One actor stated more cases than a shift can hold. A shared account, or cases that were only stated to ' +
      'look somebody up? Check some of them.',
  },
  thresholds: {
    cases: { default: 80, minimum: 2, describe: 'different cases' },
    hours: { default: 8, minimum: 1, describe: 'within so many hours' },
  },
  window: ({ hours }) => hours * HOUR,
  start: ({ cases, hours }) => new Recent(hours * HOUR, 2 * cases),
  see(actors, access, { cases, hours }) {
    const { client, actor, case: stated, time } = access;
    if (actor === undefined || stated === undefined) return undefined;
    // what two clients call alike need not be one person
    const found = actors.crosses(`${client} ${actor}`, stated, access, ({ size }) => size >= cases);
    if (found === undefined) return undefined;
    const window = hours * HOUR;
    return {
      key: `${client} ${actor}`,
      period: Math.floor(time / window) * window,
      client,
      actor,
      facts: { cases: found.size, hours },
      entries: found.entries(NAMED),
    };
  },
});
