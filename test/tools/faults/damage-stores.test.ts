/**
 * Small stores of a data folder: each is refused where its file is cut, and where it is gone or emptied if nothing else
 * has what was in it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { Quarantine } from '../../../connectors/quarantine.js';
import { Spool } from '../../../connectors/spool/index.js';
import { isYitongError } from '../../../contracts/errors.js';
import { datasetId } from '../../../contracts/ids.js';
import { openStatuses } from '../../../gateway/documents/credentials/status/lmdb.js';
import { openReportStore } from '../../../gateway/documents/reports/store.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { openTicketStore } from '../../../gateway/procedures/lifecycles/store.js';
import { openAlerts } from '../../../gateway/procedures/watch/store.js';

const DATASET = datasetId('office.shops');

interface Kind {
  readonly file: string;
  /** Opens it, puts something into it and closes it. */
  use(data: string): Promise<void>;
}

const kinds: readonly Kind[] = [
  {
    file: 'tickets/tickets',
    async use(data) {
      const store = openTicketStore(data);
      await store.append(
        { id: '0011223344556677', lifecycle: 'l', dataset: 'd', subject: 's', record: 'r' },
        0,
        {} as Parameters<typeof store.append>[2],
        false,
      );
      await store.close();
    },
  },
  {
    file: 'audit/alerts/alerts',
    async use(data) {
      const store = openAlerts(auditLayout(data).alerts);
      store.raise([{ id: '00', rule: 'volume', time: 1, recorded: false, entries: [], facts: {} }]);
      await store.close();
    },
  },
  {
    file: 'reports/store',
    async use(data) {
      const store = openReportStore(data);
      await store.verified('unknown');
      await store.close();
    },
  },
  {
    file: 'reports/status/statuses',
    async use(data) {
      const store = openStatuses(join(data, 'reports', 'status'));
      await store.allocate();
      await store.close();
    },
  },
  {
    file: 'spool/data.mdb',
    async use(data) {
      const spool = Spool.open({ dataDir: data, maxBytes: 1e6, now: () => 1 });
      await spool.append('d', 't', [{ subject: 's:1', recordId: '', value: Buffer.from('x'), headers: {} }]);
      await spool.close();
    },
  },
  {
    file: `quarantine/${DATASET}.mdb`,
    async use(data) {
      const quarantine = Quarantine.open(data, DATASET, () => new Date(0));
      quarantine.add(
        { position: 'a#1', rowNumber: 1, sourceTime: new Date(0).toISOString(), problems: [], raw: 'x' },
        'run',
      );
      await quarantine.close();
    },
  },
];

const codeOf = async (work: () => Promise<void>): Promise<string> => {
  try {
    await work();
    return 'opened';
  } catch (error) {
    return isYitongError(error) ? error.code : String(error);
  }
};

for (const { file, use } of kinds) {
  t.test(file, async (t) => {
    const data = t.testdir();
    const path = join(data, file);
    // the second opening finds something in it
    await use(data);
    await use(data);
    const bytes = readFileSync(path);
    for (const how of ['cut', 'emptied', 'removed'] as const) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      if (how === 'removed') rmSync(path);
      else truncateSync(path, how === 'emptied' ? 0 : 4096 + 100);
      t.equal(await codeOf(() => use(data)), 'store_damaged', how);
      t.ok(how === 'removed' ? !existsSync(path) : statSync(path).size <= 4196, 'and nothing is made in its place');
    }
    writeFileSync(path, bytes);
    t.equal(await codeOf(() => use(data)), 'opened', 'put back it goes on');
  });
}
