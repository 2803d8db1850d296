/** node watch.js CODE… : verifies documents, then tells the first change */
import { run } from './connecting.js';

await run({ line: 'node watch.js CODE…', least: 1 }, async (gateway, codes) => {
  const { results, after = 0 } = await gateway.verifyDocuments({ codes: [...codes], watch: 'P90D' });
  for (const [i, { outcome, report }] of results.entries())
    console.log(`${String(i + 1)}: ${outcome}${report === undefined ? '' : ` (${report})`}`);
  let changes = await gateway.documentChanges(after, 10);
  while (changes.changes.length === 0) changes = await gateway.documentChanges(changes.after, 10);
  for (const { document, outcome } of changes.changes) console.log(`${document.slice(0, 8)} is ${outcome}`);
});
