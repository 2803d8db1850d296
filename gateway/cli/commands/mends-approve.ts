import { deciding } from '../mend-options.js';

export default deciding({
  act: 'approve',
  summary: 'approve a draft of a mend that somebody else proposed',
  zh: '批准他人提出的映射修正草案',
});
