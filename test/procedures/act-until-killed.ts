/** A process that files objections one after the other and tells of each that was stored, until it is killed. */

import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { openTickets } from '../../gateway/procedures/lifecycles/tickets.js';
import { COMPANY, company, filing } from './acts.js';

const tickets = await openTickets({
  dataDir: process.argv[2] ?? '',
  workspace: await loadWorkspace(packageRoot()),
  now: Date.now,
});
for (let n = 0; ; n++) {
  const { head } = await tickets.open('objection', { ...COMPANY, recordId: `r-${n}` }, { ...filing, actor: company });
  process.stdout.write(`${head.id}\n`);
}
