/** The view whose batches are applied on a thread beside: what calls, restarts and failures leave is what they would leave without it. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { InRecord } from '../../../connectors/bus/port.js';
import { ViewDamaged } from '../../../gateway/answer/view/lmdb/checked.js';
import { openLmdbViewWriter } from '../../../gateway/answer/view/lmdb/index.js';
import type { ViewReader, ViewWriter } from '../../../gateway/answer/view/port.js';
import { viewModel } from '../../support/conformance/view-model.js';
import { COMPANY, LATEST, PENALTY, said, sent, subject, topicOf, world } from '../../support/conformance/view-world.js';
import { driver } from './lmdb-beside.driver.js';

viewModel(t, driver, 8);

const DATASETS = [COMPANY, PENALTY, LATEST];
const SUBJECTS = [1, 2, 3];
const row = fc.record({
  dataset: fc.constantFrom(...DATASETS),
  subject: fc.constantFrom(...SUBJECTS),
  record: fc.constantFrom('', 'a', 'b'),
  text: fc.constantFrom('x', 'y', 'z'.repeat(9000), null),
});
const rows = fc.array(row, { minLength: 1, maxLength: 10 });
const which = fc.record({ dataset: fc.constantFrom(...DATASETS) });
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      groups: fc.array(rows, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('one' as const), rows }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('watermark' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('caughtUp' as const), at: fc.integer({ min: 1, max: 9000 }) }),
  },
  { weight: 1, arbitrary: fc.tuple(which).map(([of]) => ({ kind: 'forget' as const, ...of })) },
  { weight: 1, arbitrary: fc.tuple(which).map(([of]) => ({ kind: 'incomplete' as const, ...of })) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('identity' as const), id: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** All that a view says of itself. */
function told(writer: ViewWriter): unknown {
  const reader: ViewReader = writer.reader();
  const found: unknown[] = [writer.identity(), writer.outgrown()];
  for (const dataset of DATASETS)
    found.push(
      reader.datasetState(dataset),
      reader.cut([dataset]),
      [0, 1].map((partition) => [
        writer.nextOffset(topicOf(dataset), partition),
        writer.completeUpTo(topicOf(dataset), partition),
      ]),
    );
  for (const n of SUBJECTS)
    for (const at of [{ kind: 'now' }, { kind: 'asOf', time: 1 }] as const)
      reader.read(subject(n), DATASETS, at, (i, { recordId, offset, bytes, start, end }) => {
        found.push([n, i, recordId, offset, Buffer.from(bytes.subarray(start, end)).toString('base64')]);
      });
  return found;
}

/** One view that is taken through the steps. */
class Taken {
  #writer: ViewWriter | undefined;
  readonly #offsets = new Map<string, number>();
  #control = 0;

  constructor(
    readonly dir: string,
    readonly besideFrom: number,
  ) {}

  async writer(): Promise<ViewWriter> {
    return (this.#writer ??= await openLmdbViewWriter({
      dir: this.dir,
      workspace: world(),
      besideFrom: this.besideFrom,
    }));
  }

  /** By topic. */
  #batches(
    rows: readonly {
      readonly dataset: (typeof DATASETS)[number];
      subject: number;
      record: string;
      text: string | null;
    }[],
  ): InRecord[][] {
    return DATASETS.map((dataset) =>
      rows
        .filter((one) => one.dataset === dataset)
        .map(({ subject: n, record, text }) => {
          const offset = this.#offsets.get(dataset) ?? 0;
          this.#offsets.set(dataset, offset + 1);
          const plain = sent({ dataset, offset, subject: subject(n), record, text });
          // some are none that a view takes
          return offset % 7 === 6 ? { ...plain, key: 'nobody' } : plain;
        }),
    ).filter((batch) => batch.length > 0);
  }

  /** Begins it; `done` when it has ended in its turn. */
  async take(step: Step): Promise<{ readonly done: Promise<unknown> }> {
    if (step.kind !== 'reopen') return { done: this.#begin(await this.writer(), step) };
    await this.close();
    return { done: Promise.resolve() };
  }

  #begin(writer: ViewWriter, step: Exclude<Step, { kind: 'reopen' }>): Promise<unknown> {
    switch (step.kind) {
      case 'together':
        return writer.applyAll(
          step.groups.flatMap((rows) => this.#batches(rows).map((batch) => writer.prepare(batch))),
        );
      case 'one':
        return Promise.all(this.#batches(step.rows).map((batch) => writer.apply(batch)));
      case 'watermark':
        return writer.apply([said(COMPANY, this.#control++)]);
      case 'caughtUp':
        return writer.caughtUp(DATASETS.map((of) => ({ topic: topicOf(of), partition: 0, at: step.at })));
      case 'forget':
        this.#offsets.delete(step.dataset);
        return writer.forget(topicOf(step.dataset));
      case 'incomplete':
        return writer.markIncomplete(topicOf(step.dataset));
      case 'identity':
        return writer.setIdentity(`cluster-${String(step.id)}`, {});
      case 'reset':
        this.#offsets.clear();
        this.#control = 0;
        return writer.reset('another', {});
    }
  }

  async close(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close();
  }
}

t.test('calls that are not waited for leave what they leave one after the other, on one thread', async (t) => {
  const parent = t.testdir();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const beside = new Taken(`${parent}/${String(run++)}`, 0);
      const plain = new Taken(`${parent}/${String(run++)}`, Number.POSITIVE_INFINITY);
      try {
        const pending: Promise<unknown>[] = [];
        for (const one of steps) {
          pending.push((await beside.take(one)).done);
          await (await plain.take(one)).done;
        }
        await Promise.all(pending);
        t.strictSame(told(await beside.writer()), told(await plain.writer()));
      } finally {
        await beside.close();
        await plain.close();
      }
    }),
    { numRuns: 40 },
  );
});

const many = (count: number): InRecord[] =>
  Array.from({ length: count }, (_, offset) =>
    sent({ offset, subject: subject(offset), record: 'r', text: `${String(offset)} `.repeat(300) }),
  );

t.test('what the thread cannot do is said as it would be without it, and can be done later', async (t) => {
  const dir = t.testdir();
  const full = await openLmdbViewWriter({ dir, workspace: world(), besideFrom: 0, size: { maxBytes: 2 ** 18 } });
  await full.applyAll([full.prepare(many(500))]);
  const more = many(600).slice(500);
  await t.rejects(full.applyAll([full.prepare(more)]), { code: 'store_full', message: /`gateway\.viewMaxBytes`/ });
  t.equal(full.nextOffset(topicOf(COMPANY), 0), 500, 'it stands before it');
  await full.close();
  const roomy = await openLmdbViewWriter({ dir, workspace: world(), besideFrom: 0 });
  await roomy.applyAll([roomy.prepare(more)]);
  t.equal(roomy.nextOffset(topicOf(COMPANY), 0), 600);
  t.equal(roomy.reader().datasetState(COMPANY).records, 600);
  await roomy.close();
});

t.test('damage that the thread meets is told as damage, so that the view is built anew', async (t) => {
  const dir = t.testdir();
  const first = await openLmdbViewWriter({ dir, workspace: world(), besideFrom: 0 });
  await first.applyAll([first.prepare(many(500))]);
  await first.close();
  const file = join(dir, 'view.mdb');
  const bytes = readFileSync(file);
  for (let at = bytes.indexOf('499 499 499'); at >= 0; at = bytes.indexOf('499 499 499', at + 1)) bytes[at] = 0;
  writeFileSync(file, bytes);
  const writer = await openLmdbViewWriter({ dir, workspace: world(), besideFrom: 0 });
  const again = sent({ offset: 500, subject: subject(499), record: 's', text: 'x' });
  t.ok((await writer.applyAll([writer.prepare([again])]).catch((error: unknown) => error)) instanceof ViewDamaged);
  await writer.close();
});

t.test('where the thread goes by itself, this process writes nothing more', async (t) => {
  const dir = t.testdir();
  const writer = await openLmdbViewWriter({ dir, workspace: world(), besideFrom: 0 });
  await writer.apply([sent({ offset: 0, text: 'x' })]);
  // the thread is to find something else than its process has open
  for (const name of readdirSync(dir)) rmSync(join(dir, name));
  mkdirSync(join(dir, 'view.mdb'));
  const gone = { code: 'view_unavailable', message: 'the thread that writes the view has ended' };
  await t.rejects(writer.applyAll([writer.prepare([sent({ offset: 1, text: 'y' })])]), gone);
  await t.rejects(writer.apply([sent({ offset: 1, text: 'y' })]), gone, 'also not what needs no thread');
  await t.rejects(writer.caughtUp([{ topic: topicOf(COMPANY), partition: 0, at: 5 }]), gone);
  await writer.close();
});
