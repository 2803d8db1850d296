/** What every driver of the View port keeps. Run it with a module that exports its driver as `driver`. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openEnv } from '../../../connectors/lmdb/env.js';
import type { ReadPoint, ViewReader, ViewWorkspace, ViewWriter } from '../../../gateway/answer/view/port.js';
import {
  asked,
  asOf,
  body,
  COMPANY,
  LATEST,
  PENALTY,
  PERMIT,
  read,
  type Sent,
  said,
  sent,
  subject,
  topicOf,
  world,
} from './view-world.js';

export interface ViewDriver {
  openWriter(dir: string, workspace: ViewWorkspace): Promise<ViewWriter>;
  openReader(dir: string, workspace: ViewWorkspace): ViewReader;
}

const child = (what: string, module: URL, dir: string): ChildProcess =>
  fork(new URL('./view-child.js', import.meta.url), [what, module.href, dir]);
const message = async (process: ChildProcess): Promise<unknown> => ((await once(process, 'message')) as unknown[])[0];

/** @param module exports `driver: ViewDriver`, so that other processes can open it as well */
export function viewConformance(t: Test, driver: ViewDriver, module: URL): void {
  const fresh = async (t: Test): Promise<{ writer: ViewWriter; reader: ViewReader; dir: string }> => {
    const dir = t.testdir();
    const writer = await driver.openWriter(dir, world());
    t.teardown(() => writer.close());
    return { writer, reader: writer.reader(), dir };
  };
  const send = (writer: ViewWriter, ...records: readonly Sent[]) => writer.apply(records.map(sent));

  t.test(
    'one read gives the current records of several datasets, in the order asked and of the record ids',
    async (t) => {
      const { writer, reader } = await fresh(t);
      await send(
        writer,
        { offset: 0, record: 'b', text: 'B' },
        { offset: 1, record: 'a', text: 'A' },
        { offset: 2, record: 'é', text: 'E' },
      );
      await send(writer, { dataset: PENALTY, offset: 7, record: 'x', text: 'X' });
      const visits: string[] = [];
      const outcomes = await read(reader, subject(1), [PENALTY, PERMIT, COMPANY], { kind: 'now' }, (i, version) => {
        visits.push(
          `${i}:${version.recordId}:${version.position}:${version.offset}:${version.publishedAt}:${version.schemaId}:${version.contractVersion}:${version.partition}`,
        );
        t.equal(version.sourceTime, Date.UTC(2026, 0, 1));
      });
      t.strictSame(outcomes, ['ok', 'ok', 'ok']);
      t.strictSame(visits, [
        '0:x:p7:7:1007:102:1:0',
        '2:a:p1:1:1001:100:1:0',
        '2:b:p0:0:1000:100:1:0',
        '2:é:p2:2:1002:100:1:0',
      ]);
      t.equal(await asked(reader, { kind: 'now' }, COMPANY, subject(2)), '');
    },
  );

  t.test('all subjects of a dataset are gone through, each once, a few at a time', async (t) => {
    const { writer, reader } = await fresh(t);
    const all = Array.from({ length: 57 }, (_, n) => subject(n));
    await send(
      writer,
      ...all.flatMap((one, n): Sent[] => [
        { offset: 2 * n, subject: one, record: 'a', text: 'A' },
        { offset: 2 * n + 1, subject: one, record: 'b', text: 'B' },
      ]),
    );
    await send(writer, { offset: 200, subject: subject(3), record: 'a', text: null });
    await send(writer, { offset: 201, subject: subject(3), record: 'b', text: null });
    await send(writer, { dataset: PENALTY, offset: 0, subject: subject('only'), record: 'x', text: 'X' });
    const found: string[] = [];
    for (let after: string | undefined, more = true; more; ) {
      const page = await reader.subjects(COMPANY, after, 10);
      t.ok(page.subjects.length <= 10);
      found.push(...page.subjects);
      after = page.next;
      more = after !== undefined;
    }
    t.strictSame(found.toSorted(), all.filter((one) => one !== subject(3)).toSorted());
  });

  t.test('what a visitor reads of another store between two records changes nothing of what it is shown', async (t) => {
    const { writer, reader } = await fresh(t);
    const other = openEnv<Buffer, string>({ file: join(t.testdir({}), 'other'), encoding: 'binary' });
    t.teardown(() => other.close());
    other.writeSync(() =>
      [10, 100, 1000, 8000].forEach((size) => other.root.putSync(String(size), Buffer.alloc(size, 0xff))),
    );
    const many = Array.from({ length: 120 }, (_, at) => ({ offset: at + 2, record: `r${at}`, text: 'x'.repeat(100) }));
    await send(writer, { offset: 0, record: 'a', text: 'A' }, { offset: 1, record: 'b', text: 'B' });
    await send(
      writer,
      { dataset: PENALTY, offset: 0, record: 'x', text: 'X' },
      { dataset: PENALTY, offset: 1, record: 'y', text: 'Y' },
    );
    await send(writer, { dataset: PERMIT, offset: 0, record: 'p', text: 'P' });
    const visited = async (at: ReadPoint, disturb: boolean): Promise<string[]> => {
      const visits: string[] = [];
      await read(reader, subject(1), [PERMIT, PENALTY, COMPANY], at, (i, version) => {
        visits.push(
          `${i}:${version.recordId}:${version.position}:${version.offset}:${Buffer.from(version.bytes.subarray(version.start, version.end)).toString('hex')}`,
        );
        if (disturb) for (const size of [10, 100, 1000, 8000]) other.root.get(String(size));
        if (disturb) for (const _ of other.root.getRange({}));
      });
      return visits;
    };
    t.equal((await visited({ kind: 'now' }, false)).length, 5);
    t.strictSame(await visited({ kind: 'now' }, true), await visited({ kind: 'now' }, false), 'packed');
    await send(writer, ...many, { offset: 200, record: 'a', text: 'A2' });
    await writer.caughtUp(
      [COMPANY, PENALTY, PERMIT].flatMap((id) =>
        [0, 1].map((partition) => ({ topic: topicOf(id), partition, at: 9000 })),
      ),
    );
    t.equal((await visited({ kind: 'now' }, false)).length, 125);
    t.strictSame(await visited({ kind: 'now' }, true), await visited({ kind: 'now' }, false), 'spilled');
    t.strictSame(await visited(asOf(1150), true), await visited(asOf(1150), false), 'as it was');
    t.equal((await visited(asOf(1150), false)).length, 125);
  });

  t.test('a visitor that has seen enough of one dataset still sees the next', async (t) => {
    const { writer, reader } = await fresh(t);
    await send(writer, { offset: 0, record: 'a', text: 'A' }, { offset: 1, record: 'b', text: 'B' });
    await send(writer, { dataset: PERMIT, offset: 0, record: 'c', text: 'C' });
    const visits: string[] = [];
    await read(
      reader,
      subject(1),
      [COMPANY, PERMIT],
      { kind: 'now' },
      (_, version) => visits.push(version.recordId) === 0,
    );
    t.strictSame(visits, ['a', 'c']);
  });

  t.test('one topic is forgotten, whatever was stored of it, and the others stay', async (t) => {
    const { writer, reader, dir } = await fresh(t);
    const many = Array.from({ length: 300 }, (_, i): Sent => ({ offset: i, record: `r${i}`, text: 'x'.repeat(100) }));
    await send(
      writer,
      ...many,
      { offset: 300, subject: subject(2), text: 'A' },
      { offset: 301, subject: subject(2), text: null },
      { offset: 302, subject: subject(3), text: 'A' },
      { offset: 303, subject: subject(3), text: 'B' },
    );
    await send(
      writer,
      { dataset: PERMIT, offset: 0, text: 'P' },
      { dataset: PERMIT, offset: 1, text: 'Q' },
      { dataset: PERMIT, offset: 2, subject: subject(3), text: 'R' },
    );
    await writer.apply([said(COMPANY, 0), said(PERMIT, 1)]);
    await writer.caughtUp(
      [0, 1].flatMap((partition) => [COMPANY, PERMIT].map((id) => ({ topic: topicOf(id), partition, at: 9000 }))),
    );
    await writer.forget(topicOf(COMPANY));
    t.equal(await asked(reader), '');
    t.equal(await asked(reader, { kind: 'now' }, COMPANY, subject(3)), '');
    const { complete, records, versions } = reader.datasetState(COMPANY);
    t.strictSame([complete, records, versions, writer.nextOffset(topicOf(COMPANY), 0)], [undefined, 0, 0, 0]);
    t.equal(await asked(reader, { kind: 'now' }, PERMIT), '=Q');
    t.equal(await asked(reader, asOf(1000), PERMIT), '=P');
    t.equal(await asked(reader, { kind: 'now' }, PERMIT, subject(3)), '=R');
    t.ok(reader.datasetState(PERMIT).complete);
    await send(writer, { offset: 0, subject: subject(2), text: 'new' });
    await writer.caughtUp([0, 1].map((partition) => ({ topic: topicOf(COMPANY), partition, at: 9000 })));
    t.equal(await asked(reader, asOf(9000), COMPANY, subject(2)), '=new', 'nothing of the old history');
    t.equal(await asked(reader, asOf(9000), COMPANY, subject(3)), '');
    const other = driver.openReader(dir, world());
    t.teardown(() => other.close());
    t.equal(await asked(other, { kind: 'now' }, PERMIT), '=Q');
  });

  t.test('after a gap the watermarks count again once the rest is read, and the past is not answered', async (t) => {
    const { writer, reader } = await fresh(t);
    await send(writer, { offset: 0, text: 'A' }, { offset: 1, text: 'B' });
    await writer.apply([said(COMPANY, 0)]);
    await writer.forget(topicOf(COMPANY), { after: [6, 0], incomplete: true });
    t.match(reader.datasetState(COMPANY), { incomplete: true, complete: undefined });
    await send(writer, { offset: 5, text: 'F' });
    await writer.caughtUp([0, 1].map((partition) => ({ topic: topicOf(COMPANY), partition, at: 9000 })));
    t.match(reader.datasetState(COMPANY), { incomplete: true, complete: { state: 'complete' } });
    t.equal(await asked(reader), '=F');
    t.equal(await asked(reader, asOf(9000)), 'history_not_kept');
    await writer.forget(topicOf(COMPANY));
    t.not(reader.datasetState(COMPANY).incomplete, true, 'a topic that was made anew has all it ever had');
    await writer.markIncomplete(topicOf(PERMIT));
    t.match(reader.datasetState(PERMIT), { incomplete: true });
  });

  t.test('of a control topic that was made anew only the watermarks go', async (t) => {
    const { writer, reader } = await fresh(t);
    await send(writer, { offset: 0, text: 'A' });
    await writer.apply([said(COMPANY, 0)]);
    await writer.forget(said(COMPANY, 0).topic);
    t.equal(reader.datasetState(COMPANY).complete, undefined);
    t.equal(await asked(reader), '=A');
    await writer.apply([said(COMPANY, 0)]);
    t.ok(reader.datasetState(COMPANY).complete);
  });

  t.test('what comes twice is kept once, and what comes back is a new version', async (t) => {
    const { writer, reader } = await fresh(t);
    const a: Sent = { offset: 0, text: 'A' };
    t.match(await send(writer, a, { offset: 1, text: 'A', position: 'p0' }), { applied: 1, ignored: 1 }, 'sent again');
    t.match(await send(writer, a), { applied: 0, ignored: 1 }, 'the same offset again');
    await send(writer, { offset: 2, text: 'B' }, { offset: 3, text: 'A', sourceTime: '2026-01-03T00:00:00.000Z' });
    t.equal(await asked(reader), '=A');
    t.match(reader.datasetState(COMPANY), { records: 1, versions: 3 }, 'A, B, A are three versions');
    t.match(
      await send(writer, { offset: 4, text: 'B', position: 'p2' }),
      { applied: 0, ignored: 1 },
      'a whole run sent again',
    );
    const hash = 'f'.repeat(64);
    await send(
      writer,
      { offset: 5, record: 'h', text: 'A', position: hash },
      { offset: 6, record: 'h', text: 'B', position: 'e'.repeat(64) },
      { offset: 7, record: 'h', text: 'A', position: hash },
    );
    t.equal(await asked(reader), '=A h=A', 'a content hash is no place in the source');
  });

  t.test(
    'what comes back after it was withdrawn is on record, though its source gives it the same place, time and content',
    async (t) => {
      const { writer, reader } = await fresh(t);
      const place = { position: 'in.csv#7', sourceTime: '2026-01-01T00:00:00.000Z' };
      await send(
        writer,
        { offset: 0, text: 'A', ...place },
        { offset: 1, text: null, ...place },
        { offset: 2, text: 'A', ...place },
      );
      t.equal(await asked(reader), '=A', 'an older topic, without sequences');
      const numbered = (offset: number, record: string, text: string | null, sequence: string): Sent => ({
        offset,
        record,
        text,
        sequence,
        ...place,
      });
      await send(writer, numbered(3, 'k', 'A', 'a1.1'), numbered(4, 'k', null, 'a1.2'), numbered(5, 'k', 'A', 'a1.3'));
      t.equal(await asked(reader), '=A k=A');
      t.match(
        await send(
          writer,
          numbered(6, 'k', 'A', 'a1.1'),
          numbered(7, 'k', null, 'a1.2'),
          numbered(8, 'k', 'A', 'a1.3'),
        ),
        { applied: 0, ignored: 3 },
        'a batch that came twice changes nothing, not even for a moment',
      );
      await send(writer, numbered(9, 'k', null, 'b2.1'));
      t.match(
        await send(writer, numbered(10, 'k', 'A', 'a1.3')),
        { applied: 0, ignored: 1 },
        'what another publisher withdrew stays withdrawn when the first one’s batch comes again',
      );
      t.match(await send(writer, numbered(11, 'k', 'A', 'b2.2')), { applied: 1 });
      t.match(await send(writer, numbered(12, 'k', 'C', 'no sequence')), { poisoned: 1 });
      t.equal(await asked(reader), '=A k=A');
    },
  );

  t.test('a withdrawn record is gone now, was there before, and can come back', async (t) => {
    const { writer, reader } = await fresh(t);
    t.match(await send(writer, { offset: 0, text: null }), { ignored: 1 }, 'nothing to withdraw');
    await send(writer, { offset: 1, text: 'A' }, { offset: 2, record: 'z', text: 'Z' }, { offset: 3, text: null });
    t.equal(await asked(reader), 'z=Z');
    t.match(await send(writer, { offset: 4, text: null }), { ignored: 1 }, 'withdrawn twice');
    await send(writer, { offset: 5, text: 'A', sourceTime: '2026-02-01T00:00:00.000Z' });
    await writer.caughtUp([0, 1].map((partition) => ({ topic: topicOf(COMPANY), partition, at: 2000 })));
    t.strictSame(await Promise.all([1000, 1001, 1002, 1003, 1004, 1005].map((time) => asked(reader, asOf(time)))), [
      '',
      '=A',
      '=A z=Z',
      'z=Z',
      'z=Z',
      '=A z=Z',
    ]);
  });

  t.test(
    'a moment that the view has not reached is not answered, and none is answered from the wrong side',
    async (t) => {
      const { writer, reader } = await fresh(t);
      await send(writer, { offset: 0, text: 'A', time: 1000 }, { offset: 1, text: 'B', time: 2000 });
      t.equal(await asked(reader, asOf(1500)), 'not_yet', 'the other partition has not been looked at');
      await writer.caughtUp([{ topic: topicOf(COMPANY), partition: 1, at: 3000 }]);
      t.equal(await asked(reader, asOf(1999)), '=A');
      t.equal(await asked(reader, asOf(2000)), 'not_yet', 'another record of the same millisecond may follow');
      await writer.caughtUp([{ topic: topicOf(COMPANY), partition: 0, at: 3000 }]);
      t.equal(await asked(reader, asOf(2000)), '=B', 'inclusive');
      t.equal(await asked(reader, asOf(3001)), 'not_yet');
      t.equal(await asked(reader, asOf(999)), '');
    },
  );

  t.test('the same cut gives the same answer, whatever came later', async (t) => {
    const { writer, reader } = await fresh(t);
    await send(
      writer,
      { offset: 0, record: 'a', text: 'A' },
      { offset: 1, record: 'b', text: 'B' },
      { offset: 2, record: 'c', text: 'C' },
    );
    const cut = reader.cut([COMPANY]);
    t.strictSame(cut, { [topicOf(COMPANY)]: [3, 0] });
    const then = await asked(reader, { kind: 'cut', cut });
    t.equal(then, 'a=A b=B c=C');
    await send(
      writer,
      { offset: 3, record: 'a', text: 'A2' },
      { offset: 4, record: 'b', text: null },
      { offset: 5, record: 'd', text: 'D' },
      { offset: 6, record: 'a', text: 'A3' },
    );
    t.equal(await asked(reader), 'a=A3 c=C d=D');
    t.equal(await asked(reader, { kind: 'cut', cut }), then);
    t.equal(await asked(reader, { kind: 'cut', cut: { [topicOf(COMPANY)]: [8, 0] } }), 'not_yet');
    await t.rejects(asked(reader, { kind: 'cut', cut }, PERMIT), { code: 'bad_request' });
    await t.rejects(asked(reader, { kind: 'cut', cut: { [topicOf(COMPANY)]: [3] } }), { code: 'bad_request' });
  });

  t.test('a dataset that keeps the latest only says so, and never gives the latest for the past', async (t) => {
    const { writer, reader } = await fresh(t);
    await send(writer, { dataset: LATEST, offset: 0, text: 'A' });
    const cut = reader.cut([LATEST]);
    t.equal(await asked(reader, { kind: 'cut', cut }, LATEST), '=A');
    await send(writer, { dataset: LATEST, offset: 1, text: 'B' });
    await writer.caughtUp([0, 1].map((partition) => ({ topic: topicOf(LATEST), partition, at: 2000 })));
    t.equal(await asked(reader, { kind: 'now' }, LATEST), '=B');
    t.equal(await asked(reader, { kind: 'cut', cut }, LATEST), 'history_not_kept');
    t.equal(await asked(reader, asOf(1000), LATEST), 'history_not_kept');
    t.equal(await asked(reader, asOf(1001), LATEST), '=B');
    t.equal(await asked(reader, asOf(2001), LATEST), 'not_yet');
    t.match(reader.datasetState(LATEST), { records: 1, versions: 1 });
  });

  t.test('one undecodable record is set aside and counted, and the partition goes on', async (t) => {
    const { writer, reader } = await fresh(t);
    const good = sent({ offset: 0, text: 'A' });
    const value = body(COMPANY, 'x');
    const bad = [
      { ...good, key: 'uscc:1' },
      { ...good, key: 'cn-id:1|' },
      { ...good, key: 'uscc:|a' },
      { ...good, key: `uscc:${'1'.repeat(300)}|` },
      { ...good, value: Buffer.from([1, 2]) },
      { ...good, value: Buffer.concat([Buffer.from([1]), value.subarray(1)]) },
      { ...good, value: body(PERMIT, 'the schema of another dataset') },
      { ...good, value: Buffer.from([0, 0, 0, 0, 9, 0]) },
      { ...good, headers: {} },
      { ...good, value: Buffer.concat([value, Buffer.from([0])]) },
      { ...good, value: value.subarray(0, -1) },
      { ...good, value: Buffer.concat([value.subarray(0, -1), Buffer.from([0xff])]) },
    ];
    const batch = [...bad, { ...good, key: 'uscc:1|kept' }].map((record, offset) => ({ ...record, offset }));
    t.strictSame(await writer.apply(batch), { applied: 1, ignored: 0, poisoned: bad.length });
    t.equal(await asked(reader), 'kept=A');
    t.equal(writer.nextOffset(topicOf(COMPANY), 0), batch.length);
    t.match(reader.datasetState(COMPANY), { poisoned: bad.length, records: 1, lastPublishedAt: 1000 });
  });

  t.test('a watermark counts when its data have been applied, and only from the dataset’s own authority', async (t) => {
    const { writer, reader } = await fresh(t);
    t.equal(reader.datasetState(COMPANY).complete, undefined);
    await writer.apply([said(COMPANY, 0)]);
    t.match(reader.datasetState(COMPANY), {
      complete: { rows: 3, receivedAt: 5000 },
      watermark: { state: 'complete' },
    });
    await writer.apply([said(COMPANY, 1, { state: 'failed', rows: 1 })]);
    t.match(reader.datasetState(COMPANY), { complete: { rows: 3 }, watermark: { state: 'failed', rows: 1 } });
    await writer.apply([said(COMPANY, 2, { rows: 9 })], { [topicOf(COMPANY)]: [2, 0] });
    t.match(reader.datasetState(COMPANY), { complete: { rows: 3 } }, 'two records are still on the way');
    await send(writer, { offset: 0, text: 'A' }, { offset: 1, text: 'B' });
    t.match(reader.datasetState(COMPANY), { complete: { rows: 9 } });
    t.match(await writer.apply([said(COMPANY, 0, { from: 'court', rows: 77 })]), { poisoned: 1, applied: 0 });
    t.match(reader.datasetState(COMPANY), { complete: { rows: 9 } });
  });

  t.test('a subject of ten thousand records reads as well as one of three', async (t) => {
    const { writer, reader } = await fresh(t);
    const COUNT = 10_000;
    const id = (n: number): string => `r${String(n).padStart(6, '0')}`;
    await send(writer, { dataset: PERMIT, offset: 0, record: 'p', text: 'P' });
    for (let from = 0; from < COUNT; from += 2500)
      await send(
        writer,
        ...Array.from(
          { length: 2500 },
          (_, i): Sent => ({ offset: from + i, record: id(((from + i) * 7919) % COUNT), text: 'A' }),
        ),
      );
    const ids: string[] = [];
    await read(reader, subject(1), [COMPANY, PERMIT], { kind: 'now' }, (_, version) => void ids.push(version.recordId));
    t.strictSame(ids, [...Array.from({ length: COUNT }, (_, n) => id(n)), 'p']);
    const cut = reader.cut([COMPANY]);
    t.match(
      await send(
        writer,
        { offset: COUNT, record: id(5), text: 'A' },
        { offset: COUNT + 1, record: id(6), text: 'B' },
        { offset: COUNT + 2, record: id(7), text: null },
      ),
      { applied: 2, ignored: 1 },
    );
    t.match(await asked(reader), `${id(5)}=A ${id(6)}=B ${id(8)}=A`);
    t.match(await asked(reader, { kind: 'cut', cut }), `${id(5)}=A ${id(6)}=A ${id(7)}=A ${id(8)}=A`);
    t.match(reader.datasetState(COMPANY), { records: COUNT - 1 });
  });

  t.test('everything is still there after closing, and nothing after a reset', async (t) => {
    const dir = t.testdir();
    let writer = await driver.openWriter(dir, world([COMPANY]));
    await writer.setIdentity('cluster', { topic: 'id' });
    await send(writer, { offset: 0, text: 'A' });
    await writer.apply([said(COMPANY, 0)]);
    await writer.close();
    writer = await driver.openWriter(dir, world());
    t.teardown(() => writer.close());
    t.strictSame(writer.identity(), { clusterId: 'cluster', topicIds: { topic: 'id' } });
    t.equal(writer.nextOffset(topicOf(COMPANY), 0), 1);
    const reader = writer.reader();
    t.equal(await asked(reader), '=A');
    await send(writer, { dataset: PERMIT, offset: 0, text: 'a dataset that is new' });
    await writer.reset('other', {});
    t.equal(await asked(reader), '');
    t.strictSame(reader.datasetState(COMPANY), { records: 0, versions: 0, poisoned: 0 });
    t.equal(writer.nextOffset(topicOf(COMPANY), 0), 0);
    t.equal(writer.identity()?.clusterId, 'other');
    await send(writer, { offset: 0, text: 'again' });
    t.equal(await asked(reader), '=again');
  });

  t.test('a writer that is killed while it writes loses nothing and doubles nothing', async (t) => {
    const dir = t.testdir();
    let committed = 0;
    for (const stop of [1, 3, 9]) {
      const process = child('write', module, dir);
      for (let i = 0; i < stop; i++) committed = (await message(process)) as number;
      process.kill('SIGKILL');
      await once(process, 'exit');
    }
    const writer = await driver.openWriter(dir, world());
    t.teardown(() => writer.close());
    const next = writer.nextOffset(topicOf(COMPANY), 0);
    t.ok(next >= committed, 'what was said to be applied is there');
    const found: number[] = [];
    for (let n = 0; n < 97; n++)
      await read(
        writer.reader(),
        subject(n),
        [COMPANY],
        { kind: 'now' },
        (_, { recordId }) => void found.push(Number(recordId.slice(1))),
      );
    t.strictSame(
      found.sort((a, b) => a - b),
      Array.from({ length: next }, (_, i) => i),
      'records are exactly those below the next offset',
    );
    t.match(writer.reader().datasetState(COMPANY), { records: next, versions: next });
  });

  t.test('another process sees what the writer has committed', async (t) => {
    const { writer, dir } = await fresh(t);
    const process = child('read', module, dir);
    t.equal(await message(process), 'open');
    for (let n = 0; n < 5; n++) {
      await send(writer, { offset: n, text: `v${n}` });
      process.send('read');
      t.strictSame(await message(process), { text: `=v${n}`, records: 1 });
    }
    process.send('close');
    await once(process, 'exit');
  });

  t.test('a batch of mixed partitions, or out of order, or of no dataset is refused whole', async (t) => {
    const { writer, reader } = await fresh(t);
    await t.rejects(send(writer, { offset: 0, text: 'A' }, { offset: 1, partition: 1, text: 'B' }), {
      code: 'topic_mismatch',
    });
    await t.rejects(send(writer, { offset: 1, text: 'A' }, { offset: 0, text: 'B' }), { code: 'topic_mismatch' });
    await t.rejects(writer.apply([{ ...sent({ offset: 0, text: 'A' }), topic: 'city.nobody.nothing' }]), {
      code: 'topic_mismatch',
    });
    t.equal(await asked(reader), '');
    t.equal(writer.nextOffset(topicOf(COMPANY), 0), 0);
  });
}
