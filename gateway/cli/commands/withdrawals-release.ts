import { releaseHeld } from '../../../connectors/publish/index.js';
import { decision } from '../held.js';

export default decision({
  verb: 'release',
  key: 'withdrawn',
  decide: releaseHeld,
  outcome: 'withdrawn',
  zh: '撤回已离开登记的记录，不再受保护规则约束',
  summary: 'withdraw records by name that left their register, whatever its guards say',
});
