/** What a source was seen at is recent, or it is not said to be. */
import t from 'tap';
import { isAhead, isFresh, MAX_AHEAD } from '../../contracts/freshness.js';
import type { Contract } from '../../contracts/types.js';
import { freshness, statusOf } from '../../gateway/answer/question/status.js';
import type { DatasetState, ViewReader } from '../../gateway/answer/view/port.js';

const HOUR = 3_600_000;
const now = Date.parse('2031-05-05T12:00:00Z');
const contract = { id: 'a.b', updateFrequency: HOUR } as unknown as Contract;
const seenAt = (time: number | string): DatasetState =>
  ({
    complete: { sourceTime: typeof time === 'string' ? time : new Date(time).toISOString() },
  }) as unknown as DatasetState;
/** Both ways in which an answer may say it. */
const said = (state: DatasetState): readonly string[] => [
  statusOf(contract, state, now).status,
  freshness({ datasetState: () => state } as unknown as ViewReader)(contract, now).status,
];

t.test('a dataset that was seen at a time to come is stale, beyond what clocks differ', (t) => {
  t.same(said(seenAt(now)), ['current', 'current']);
  t.same(said(seenAt(now - HOUR)), ['current', 'current']);
  t.same(said(seenAt(now - HOUR - 1)), ['stale', 'stale']);
  t.same(said(seenAt(now + MAX_AHEAD)), ['current', 'current']);
  t.same(said(seenAt(now + MAX_AHEAD + 1)), ['stale', 'stale']);
  t.same(said(seenAt('2999-01-01T00:00:00.000Z')), ['stale', 'stale']);
  t.same(said(seenAt('nonsense')), ['stale', 'stale']);
  t.ok(isAhead(Number.NaN, now));
  t.notOk(isFresh(Number.NaN, HOUR, now));
  t.end();
});
