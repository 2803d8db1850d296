/** What other replicas say to one whose log was restored. */
import t from 'tap';
import { type Claim, judge } from '../../../gateway/log/replicas/epoch.js';

const before: Claim = { epoch: 3, holder: 'west', established: true, size: 500, root: 'new', origin: 'city.test/log' };
const nothing = { size: 0, root: '' };

t.test('less of the same log is refused in any epoch; under another name it takes an epoch that people raised', (t) => {
  const claims = (more: Partial<Claim>): string => {
    const judged = judge(before, nothing, { ...before, size: 301, root: 'old', ...more });
    return judged.kind === 'agreed' ? 'agreed' : judged.reason;
  };
  t.match(claims({}), /500 were seen here/);
  t.match(claims({ epoch: 4 }), /500 were seen here/, 'also if the epoch is raised');
  t.match(claims({ origin: 'city.test/log/2-1a2b3c4d' }), /raise `audit\.epoch`/);
  t.equal(claims({ origin: 'city.test/log/2-1a2b3c4d', epoch: 4 }), 'agreed');
  t.match(claims({ origin: 'city.test/log/2-1a2b3c4d', epoch: 2 }), /since epoch 3/);
  const { origin: _, ...nameless } = before;
  t.match(
    judge(nameless, nothing, { ...before, size: 301, root: 'old', origin: 'city.test/log/2-1a2b3c4d', epoch: 4 }),
    { kind: 'refused' },
    'what was seen of a log without a name is compared as ever',
  );
  t.match(
    judge(
      before,
      { size: 500, root: 'new', origin: 'city.test/log' },
      { ...before, size: 301, root: 'old', origin: 'city.test/log/2-1a2b3c4d', epoch: 4 },
    ),
    { kind: 'agreed' },
  );
  t.end();
});
