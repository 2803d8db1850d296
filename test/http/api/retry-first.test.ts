/**
 * A retry of the quarantine is on record before any row is touched: where it cannot be put on record, nothing is done.
 */
import t from 'tap';
import { Quarantine } from '../../../connectors/quarantine.js';
import { datasetId } from '../../../contracts/ids.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { type People, SESSION_COOKIE } from '../../../gateway/http/plugins/people.js';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { openSearch } from '../../../gateway/log/search/index.js';
import { startSequencer } from '../../../gateway/log/sequencer/sequencer.js';
import { ephemeralSigner } from '../../../gateway/log/store/signer.js';
import { until } from '../../e2e/ask.js';
import { serve } from './serve.js';

const DATASET = datasetId('office.shops');
const HOST = 'people.test:8444';

t.test(
  'where a retry cannot be put on record no row is published, over HTTP and in the console; where it can, its ' +
    'entry stands before what came of it',
  async (t) => {
    const memory = new SharedArrayBuffer(12);
    const counters = new Int32Array(memory);
    counters.set([-1, -1, 0]);
    const served = await serve(t, {
      bus: true,
      hook: { module: new URL('../../log/failing-disk.js', import.meta.url).href, parameter: memory },
    });
    const { data, people } = served;
    const look = async <T>(work: (quarantine: Quarantine) => T | Promise<T>): Promise<T> => {
      const quarantine = Quarantine.open(data, DATASET, () => new Date());
      try {
        return await work(quarantine);
      } finally {
        await quarantine.close();
      }
    };
    // rows that were held back and fit by now
    await look(async (quarantine) => {
      for (const n of [1, 2]) {
        const cells = {
          统一社会信用代码: uscc.make(n),
          店铺名称: `店${String(n)}`,
          所在区: '东湖区',
          开业日期: '2024-03-18',
          座位数: '4',
        };
        quarantine.add(
          {
            position: `shops.csv#${String(n)}`,
            rowNumber: n,
            sourceTime: new Date().toISOString(),
            problems: [{ code: 'bad_value', field: 'openedOn', reason: 'no date' }],
            cells,
          },
          'run',
        );
      }
      await quarantine.flushed();
    });
    const held = (): Promise<number> => look((quarantine) => quarantine.count());
    const { sessions } = (people as typeof people & { readonly people: People }).people;
    const { token, session } = await sessions.create({
      id: 'x|wang',
      name: '王',
      roles: ['data-officer'],
      authority: 'office',
      subjects: [],
    });
    const overHttp = async (positions: readonly string[]): Promise<number> =>
      (await served.ask({ method: 'POST', path: `/v1/datasets/${DATASET}/quarantine/retry`, body: { positions } }))
        .status;
    const inConsole = async (): Promise<number> =>
      (
        await people.inject({
          method: 'POST',
          url: `/console/feeds/${DATASET}/retry`,
          headers: {
            host: HOST,
            accept: 'text/html',
            cookie: `${SESSION_COOKIE}=${token}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
          payload: new URLSearchParams({ csrf: session.csrf }).toString(),
        })
      ).statusCode;

    counters.set([0, -1, 1_000_000]);
    t.equal(await overHttp(['shops.csv#1']), 503);
    t.equal(await inConsole(), 503);
    t.equal(await held(), 2, 'both rows are still there');
    Atomics.store(counters, 0, -1);
    t.equal(
      await until(
        'the journal again',
        () => overHttp(['shops.csv#1']),
        (status) => status === 200,
      ),
      200,
    );
    t.equal(await held(), 1);
    t.equal(await inConsole(), 200);
    t.equal(await held(), 0);

    const layout = auditLayout(data);
    await served.journal.close();
    const sequencer = startSequencer({
      dataDir: data,
      signer: ephemeralSigner('log.test/city'),
      origin: 'log.test/city',
      now: Date.now,
      interval: 0,
      onAlert: () => undefined,
    });
    while ((await sequencer.runOnce()).added > 0);
    await sequencer.stop();
    const keys = openSubjectKeys({ dir: layout.subjectKeys });
    const search = openSearch(data, keys);
    const acts: unknown[] = [];
    for await (const { body } of search.entries({ type: 'administration' }, { oldestFirst: true }))
      acts.push([body.action, (body['detail'] as { requestId?: string }).requestId]);
    await search.close();
    await keys.close();
    const of = acts as [action: string, request: string][];
    const outcomes = of.flatMap(([action, request], at) => (action === 'quarantine_retried' ? [{ at, request }] : []));
    t.equal(outcomes.length, 2);
    // an entry that met the failing disk may be in the log without an outcome
    for (const { at, request } of outcomes)
      t.ok(
        of.slice(0, at).some(([action, id]) => action === 'quarantine_retry' && id === request),
        'what was asked stands before what came of it',
      );
  },
);
