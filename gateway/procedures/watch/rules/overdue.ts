/** A clock of a ticket has run out. Found by the tickets' own watch, not in accesses. */
import { watchRule } from '../rule.js';

export default watchRule({
  title: { zh: '逾期未办', en: 'term run out' },
  advice: {
    zh: '工单的法定期限已过。系统不会代为决定；请督促承办单位尽快办理，并查明原因。',
    en:
      'The term of a ticket is over. Nothing is decided by that; see to it that the party whose turn it is acts, ' +
      'and find out why it did not.',
  },
  thresholds: {},
  start: () => ({}),
  see: () => undefined,
  window: () => 0,
});
