/** One inventory of what a data folder holds: in code, in the docs, and of each path one state. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { stateOf, states } from '../../../gateway/operate/backup/states.js';

t.test('each state is described in docs/backup.md, as it is', (t) => {
  const text = readFileSync(join(packageRoot(), 'docs/backup.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (.*?) \| (yes|no) \| (.*?) \|$/gm)].map(
    ([, id, what, copied, why]) => ({ id, what, copied, why }),
  );
  t.strictSame(
    rows,
    states.map(({ id, what, copying, restored, why }) => ({
      id,
      what,
      copied: copying === 'none' || restored === false ? 'no' : 'yes',
      why: why ?? '',
    })),
  );
  t.end();
});

t.test('a path belongs to the state that it should, and what is not known belongs to none', (t) => {
  for (const [path, id] of [
    ['journal/w1-05454c5b/00000001.seg', 'journals'],
    ['journal/w1-05454c5b/00000001.seg.erased', 'journals'],
    ['journal/w1-05454c5b/durable', 'journals'],
    ['journal/w1-05454c5b/lock', 'locks'],
    ['journal/w1-05454c5b/spare', 'temporary'],
    ['journal/w1-05454c5b/next.tmp', 'temporary'],
    ['mirrors/east/w1-05454c5b/00000001.seg', 'journals'],
    ['mirrors/east/w1-05454c5b/fault', 'journals'],
    ['audit/keys/subjects', 'subject-keys'],
    ['audit/keys/subjects-lock', 'locks'],
    ['audit/keys/halves', 'subject-halves'],
    ['audit/state/000000000012', 'log'],
    ['audit/staged/12-00ff', 'staged'],
    ['log/tile/entries/x001/234.p/7', 'log'],
    ['log/earlier/1a2b3c4d/checkpoint', 'log-keys'],
    ['quarantine/samr.company-register.mdb', 'quarantine'],
    ['bus/lock.mdb', 'locks'],
    ['view/view.mdb', 'view'],
    ['view/view.mdb.looked', 'view-marks'],
    ['suspended/000000000001', 'suspensions'],
    ['applied/000000000001', 'applied'],
    ['pki/clients/x/key.pem', 'pki'],
    ['keys/log.key', 'signing-keys'],
    ['state/store', 'state'],
    ['state/store.made', 'made'],
    ['verify/guesses.made', 'store-marks'],
    ['reports/watched.made', 'store-marks'],
    ['reports/status/statuses.made', 'store-marks'],
    ['older/verify/guesses.made', 'made'],
    ['state/moving/store', 'moving'],
    ['state/beginning.lock', 'locks'],
    ['older/tickets/files/00/11', 'older'],
    ['older/reports/store', 'older'],
  ] as const)
    t.equal(stateOf(path)?.id, id, path);
  for (const path of [
    'novelty',
    'audit/novelty',
    'reports/novelty',
    'journal/w1-05454c5b/novelty',
    'log/novelty',
    'keys/deep/novelty',
    'suspended/novelty',
  ])
    t.equal(stateOf(path), undefined, path);
  t.end();
});

t.test('what is gone when lost is copied, and what is not copied says why', (t) => {
  for (const { id, kind, copying, why } of states) {
    t.equal(copying === 'none', kind !== 'source', id);
    if (copying === 'none') t.ok(why, `${id} says why`);
  }
  t.end();
});

t.test('the order of copying: what refers to another is copied before it', (t) => {
  const at = (id: string): number => states.findIndex((state) => state.id === id);
  for (const [before, after] of [
    ['alerts', 'log'],
    ['suspensions', 'log'],
    ['tickets', 'log'],
    ['reports', 'log'],
    ['suspensions', 'state'],
    ['state', 'log'],
    ['state', 'subject-keys'],
    ['blobs', 'subject-keys'],
    ['log', 'journals'],
    ['journals', 'subject-keys'],
    ['reports', 'subject-keys'],
    ['subject-keys', 'subject-halves'],
    ['connectors', 'quarantine'],
    ['connectors', 'bus'],
    ['spool', 'bus'],
    ['view', 'bus'],
  ] as const)
    t.ok(at(before) >= 0 && at(before) < at(after), `${before}, then ${after}`);
  t.end();
});
