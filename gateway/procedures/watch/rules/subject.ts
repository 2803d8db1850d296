/** One subject is looked up by many clients or authorities in a short time. */
import { MINUTE, Recent } from '../recent.js';
import { NAMED, watchRule } from '../rule.js';

export default watchRule({
  title: { zh: '同一主体被多方查询', en: 'one subject looked up by many' },
  advice: {
    zh: '短时间内多个应用或部门查询同一主体。可能是联合检查或热点事件引起的好奇查询，请逐条核对办件。',
    en:
      'Several clients or authorities looked at the same subject in a short time. A joint inspection, or ' +
      'curiosity about somebody in the news? Check the cases of the entries.',
  },
  thresholds: {
    clients: { default: 6, minimum: 2, describe: 'different clients' },
    authorities: { default: 5, minimum: 2, describe: 'different authorities' },
    minutes: { default: 60, minimum: 1, describe: 'within so many minutes' },
  },
  window: ({ minutes }) => minutes * MINUTE,
  start: ({ clients, authorities, minutes }) => ({
    clients: new Recent(minutes * MINUTE, 10 * clients),
    authorities: new Recent(minutes * MINUTE, 10 * authorities),
  }),
  see(state, access, { clients, authorities, minutes }) {
    const { subject, client, authority, time } = access;
    if (subject === undefined) return undefined;
    const byClients = state.clients.crosses(subject, client, access, ({ size }) => size >= clients);
    const byAuthorities = state.authorities.crosses(subject, authority, access, ({ size }) => size >= authorities);
    const found = byClients ?? byAuthorities;
    if (found === undefined) return undefined;
    const window = minutes * MINUTE;
    return {
      key: subject,
      period: Math.floor(time / window) * window,
      subject,
      facts: { [byClients === undefined ? 'authorities' : 'clients']: found.size, minutes },
      entries: found.entries(NAMED),
    };
  },
});
