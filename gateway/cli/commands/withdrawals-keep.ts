import { keepHeld } from '../../../connectors/publish/index.js';
import { decision } from '../held.js';

export default decision({
  verb: 'keep',
  key: 'kept',
  decide: keepHeld,
  outcome: 'kept until the rows that hold them are mended or go',
  zh: '保留暂缓撤回的记录：已有人核实其仍在登记中',
  summary: 'records by name stay on record: somebody looked, and they are still on the register',
});
