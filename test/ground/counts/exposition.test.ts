/** What is counted on the way of a question is told as prom-client would tell it, byte for byte. */
import { Counter, Histogram, Registry } from 'prom-client';
import t from 'tap';
import { cells, distributions, exposition, type Family } from '../../../gateway/ground/counts/families.js';
import { promOf } from '../../../gateway/ground/counts/metrics.js';

const BOUNDS = [0.001, 0.01, 0.5, 1, 5];
/** On a bound, between two, below the first, above the last. */
const VALUES = [0, 0.001, 0.0011, 0.3, 0.5, 1, 4.9999, 5, 6, 7.1];

t.test('requests and their times stand on the page as prom-client would write them', async (t) => {
  const register = new Registry();
  const registers = [register];
  const theirs = {
    seconds: new Histogram({ ...promOf('yitong_request_seconds'), buckets: BOUNDS, registers }),
    groups: new Histogram({ ...promOf('yitong_journal_group_seconds'), buckets: BOUNDS, registers }),
    requests: new Counter({ ...promOf('yitong_requests_total'), registers }),
  };
  const ours = {
    seconds: distributions('yitong_request_seconds', BOUNDS),
    groups: distributions('yitong_journal_group_seconds', BOUNDS),
    requests: cells('yitong_requests_total'),
  };
  const group = ours.groups.of({});
  const same = async (when: string): Promise<void> => {
    t.equal(
      exposition([ours.seconds, ours.groups, ours.requests].map((each) => each.family())),
      exposition((await register.getMetricsAsJSON()) as unknown as Family[]),
      when,
    );
  };
  await same('before anything is counted');
  for (const [i, value] of VALUES.entries()) {
    const labels = { port: i % 2 === 0 ? 'api' : 'people', route: i % 3 === 0 ? '/v1/"query"' : 'none' };
    theirs.seconds.observe(labels, value);
    ours.seconds.of(labels).observe(value);
    theirs.requests.inc({ ...labels, status: '200' });
    ours.requests.cell({ ...labels, status: '200' }).n++;
    if (i === 4) await same('before a group was counted');
    theirs.groups.observe(value);
    group.observe(value);
  }
  await same('afterwards');
});
