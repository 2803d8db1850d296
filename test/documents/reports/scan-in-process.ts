/** A worker: waits for `go`, scans the code, says what came of it. Arguments: folder, code, name of the client. */
import { openCodes } from '../../../gateway/documents/compliance/codes.js';
import { openCodeStore } from '../../../gateway/documents/compliance/store.js';
import { codeOf, question } from './compliance-world.js';

const [, , dir = '', code = '', client = ''] = process.argv;
const store = openCodeStore(dir);
const codes = openCodes({
  store,
  now: Date.now,
  known: () => true,
  journal: { append: async () => ({ id: '', json: '' }) },
  answer: async () => ({ name: '', domains: [] }),
});
process.once('message', () => {
  void codeOf(codes.scan(code, { kind: 'client', key: client }, '192.0.2.1', question, 'r')).then(async (outcome) => {
    await store.close();
    process.send?.(outcome, () => process.disconnect());
  });
});
process.send?.('ready');
