import { deciding } from '../mend-options.js';

export default deciding({
  act: 'undo',
  summary: 'propose the mapping of before a mend that is in force, as a draft of its own',
  zh: '提出恢复原映射的草案',
});
