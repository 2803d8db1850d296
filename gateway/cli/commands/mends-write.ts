import { deciding } from '../mend-options.js';

export default deciding({
  act: 'write',
  summary: 'put an approved mend into its feed, where that could not be done then',
  zh: '写入已批准但尚未写入的映射修正',
});
