import { deciding } from '../mend-options.js';

export default deciding({
  act: 'refuse',
  summary: 'refuse a draft of a mend, or take back an own one',
  zh: '退回映射修正草案，或者撤销自己提出的草案',
});
