/** Runs the feed of a folder and says how far it is; its parent kills it. */
import { openOffice } from './office.js';

const dir = process.argv[2] ?? '';
const office = await openOffice(dir);
const report = await office.run({ maxWithdrawShare: 1 }, { onProgress: ({ rows }) => process.send?.({ rows }) });
await office.close();
process.send?.({ report });
process.disconnect();
