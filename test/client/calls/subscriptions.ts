import type { SubscriptionsMethods } from '../../../gateway/http/api/subscriptions/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: SubscriptionsMethods): Calls => ({
  subscribe: () => client.subscribe('debts', { purpose: 'p', datasets: [{ id: 'a.b' }], way: 'poll' }),
  subscriptions: () => client.subscriptions(),
  subscription: () => client.subscription('debts'),
  unsubscribe: () => client.unsubscribe('debts'),
  changes: () => client.changes('debts', { wait: 0 }),
});
