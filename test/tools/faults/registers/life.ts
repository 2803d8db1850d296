/**
 * One life of a register: a random sequence of what happens to registers, connectors and machines, over one kind of
 * source. The connector, the bus, the state and the view are the real ones; after each step what the view answers is
 * compared with the model (`register.ts`).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { openEmbeddedBus } from '../../../../connectors/bus/embedded/bus.js';
import { type Bus, controlTopic, dataTopic, type OutRecord, type Producer } from '../../../../connectors/bus/port.js';
import { parseMapping } from '../../../../connectors/mapping/index.js';
import { heldId, keepHeld, releaseHeld, State } from '../../../../connectors/publish/index.js';
import { Quarantine } from '../../../../connectors/quarantine.js';
import { runFeed } from '../../../../connectors/run.js';
import { decodeRecord } from '../../../../contracts/avro.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { fieldPath, type SubjectKey } from '../../../../contracts/ids.js';
import { openLmdbViewWriter } from '../../../../gateway/answer/view/lmdb/index.js';
import type { ViewWriter } from '../../../../gateway/answer/view/port.js';
import type { GatewayContext } from '../../../../gateway/documents/context.js';
import { pushing } from '../../../../gateway/http/api/records/push.js';
import {
  digit9,
  contract as makeContract,
  feed as makeFeed,
  workspace as makeWorkspace,
} from '../../../connectors/fixtures.js';
import { sendingBy } from '../../../connectors/sending.js';
import { type Random, randomOf } from '../random.js';
import { type Company, Register, type Row } from './register.js';
import { type Form, fileSource, folderSource, type Source, tableSource } from './sources.js';

export const KINDS = ['file', 'folder', 'push', 'table', 'poll'] as const;
export type Kind = (typeof KINDS)[number];

export interface Life {
  readonly kind: Kind;
  readonly seed: number;
  readonly steps: number;
  readonly dir: string;
  /** A connection of an administrator, and what a feed says to read; of `table` and `poll`. */
  readonly database?: { readonly client: Client; readonly reader: object };
}

export interface Ended {
  readonly steps: number;
  /** What was done, a word a step, up to the finding. */
  readonly story: readonly string[];
  readonly findings: readonly string[];
}

const MAX_SHARE = 0.3;
const NAMES = ['甲', '乙', '丙', '丁', '戊'];

/**
 * Sends some batches twice, as a producer does that got no answer, and fails from a moment on, with or without the
 * batch having arrived.
 */
class FaultyBus {
  failAfter = Infinity;
  readonly bus: Bus;

  constructor(
    inner: Bus,
    private readonly random: Random,
  ) {
    const send = async (producer: Producer, topic: string, records: readonly OutRecord[]) => {
      if (this.failAfter <= 0) {
        if (this.random.chance(0.5)) await producer.send(topic, records);
        this.failAfter = -1;
        throw new YitongError('bus_unavailable', 'cut off');
      }
      this.failAfter -= 1;
      const acks = await producer.send(topic, records);
      if (this.random.chance(0.2)) await producer.send(topic, records);
      return acks;
    };
    this.bus = sendingBy(inner, send);
  }
}

class World {
  readonly random: Random;
  readonly register = new Register(MAX_SHARE);
  readonly contract;
  readonly workspace;
  readonly story: string[] = [];
  #bus!: Bus;
  #faulty!: FaultyBus;
  #state!: State;
  #view!: ViewWriter;
  #source: Source | undefined;
  #views = 0;
  #next = 0;
  #upper = false;
  /** Titles in the register and in the mapping. */
  #form: Form = { title: 'name' };
  #mapped = 'name';
  #pushed = 0;
  #asOf = Date.parse('2024-01-01T00:00:00Z');

  constructor(private readonly life: Life) {
    this.random = randomOf(life.seed, `register ${life.kind}`);
    // of some registers the licence tells records apart, of others each company has one record
    this.contract = makeContract({ recordId: this.random.chance(0.5) ? [fieldPath('status')] : [] });
    this.workspace = makeWorkspace(this.contract);
  }

  async open(): Promise<void> {
    const { dir, kind, database, seed } = this.life;
    mkdirSync(dir, { recursive: true });
    await this.#start();
    if (kind === 'file') this.#source = fileSource(dir);
    else if (kind === 'folder') this.#source = folderSource(dir);
    else if (kind !== 'push' && database !== undefined)
      this.#source = await tableSource(database.client, `register_${kind}_${seed}`, database.reader, kind === 'poll');
    for (let i = 0; i < 20; i++) this.#add();
  }

  async #start(): Promise<void> {
    this.#bus = await openEmbeddedBus({ dir: join(this.life.dir, 'bus') });
    this.#faulty = new FaultyBus(this.#bus, this.random);
    this.#state = State.open(join(this.life.dir, 'data'));
    await this.#openView();
  }

  async #openView(): Promise<void> {
    this.#view = await openLmdbViewWriter({
      dir: join(this.life.dir, `view${this.#views}`),
      workspace: this.workspace,
    });
  }

  async close(): Promise<void> {
    await this.#stop();
    await this.#source?.close();
  }

  async #stop(): Promise<void> {
    await this.#view.close();
    await this.#state.close();
    await this.#bus.close();
  }

  // --- the register ---

  #add(): void {
    const key = digit9.make((this.#next += 1));
    this.register.companies.set(key, { key, licence: `L${this.#next}`, name: this.random.pick(NAMES) });
  }

  #some(where: (company: Company) => boolean = () => true): Company | undefined {
    const found = [...this.register.companies.values()].filter(where);
    return found.length === 0 ? undefined : this.random.pick(found);
  }

  #mistype(company: Company): void {
    const at = this.random.between(0, 8);
    company.wrong = this.random.chance(0.1)
      ? ''
      : `${company.key.slice(0, at)}${(Number(company.key[at]) + this.random.between(1, 9)) % 10}${company.key.slice(at + 1)}`;
  }

  /** A change of the register, or a few at once. */
  change(): string {
    const { random } = this;
    const what = random.pick([
      'add',
      'edit',
      'edit',
      'leave',
      'leave',
      'mistype',
      'mistype',
      'mend',
      'swap',
      'return',
      'crowd',
    ]);
    switch (what) {
      case 'add':
        this.#add();
        break;
      case 'edit': {
        const one = this.#some();
        if (one !== undefined) one.name = random.pick(NAMES);
        break;
      }
      case 'leave': {
        const one = this.#some();
        if (one !== undefined) this.register.companies.delete(one.key);
        break;
      }
      case 'mistype': {
        const one = this.#some(({ wrong }) => wrong === undefined);
        if (one !== undefined) this.#mistype(one);
        break;
      }
      case 'mend': {
        const one = this.#some(({ wrong }) => wrong !== undefined);
        if (one !== undefined) delete one.wrong;
        break;
      }
      case 'swap': {
        const mended = this.#some(({ wrong }) => wrong !== undefined);
        const mistyped = this.#some(({ wrong }) => wrong === undefined);
        if (mended !== undefined) delete mended.wrong;
        if (mistyped !== undefined) this.#mistype(mistyped);
        break;
      }
      case 'return': {
        // somebody who was there before, under the same licence
        const n = random.between(1, this.#next);
        const key = digit9.make(n);
        if (!this.register.companies.has(key))
          this.register.companies.set(key, { key, licence: `L${n}`, name: random.pick(NAMES) });
        break;
      }
      case 'crowd':
        for (let i = random.between(1, 12); i > 0; i--) {
          const one = this.#some();
          if (one !== undefined && this.register.companies.size > 5) this.register.companies.delete(one.key);
        }
        break;
    }
    return what;
  }

  // --- the connector ---

  readonly #shown = (name: string): string => (this.#upper && this.#source !== undefined ? `${name}!` : name);

  /** The rows as they stand in the source; what is pushed was mapped by the department itself. */
  #rows(): Row[] {
    return this.register
      .deliver()
      .map((row) => (this.#upper && this.#source === undefined ? { ...row, name: `${row.name}!` } : row));
  }

  #mapping() {
    const name = this.#upper ? { concat: [{ from: this.#mapped }, { text: '!' }] } : { from: this.#mapped };
    return parseMapping(
      { fields: { code: { from: 'code', steps: [{ key: 'digit9' }] }, name, status: { from: 'licence' } } },
      'feed.json',
    );
  }

  #held(): Set<string> {
    return new Set(this.#state.held(this.contract.id).map(({ subject }) => subject.slice('digit9:'.length)));
  }

  async #run(
    options: Readonly<Record<string, string>>,
  ): Promise<{ readonly refused: boolean; readonly nothing: boolean }> {
    const source = this.#source;
    if (source === undefined) return await this.#push();
    if (source.kind === 'poll') {
      // as if the last look at all keys had been long ago
      const memory = this.#state.read('memory', this.contract.id);
      if (typeof memory === 'object' && memory !== null)
        this.#state.write('memory', this.contract.id, { ...memory, swept: '2000-01-01T00:00:00.000000' });
    }
    const report = await runFeed({
      feed: makeFeed(source.feed, { snapshot: source.snapshot, maxWithdrawShare: MAX_SHARE, mapping: this.#mapping() }),
      workspace: this.workspace,
      bus: this.#faulty.bus,
      state: this.#state,
      dataDir: join(this.life.dir, 'data'),
      baseDir: this.life.dir,
      signal: new AbortController().signal,
      options,
    });
    return { refused: report.state === 'refused', nothing: report.state === 'nothing-new' };
  }

  async #push(): Promise<{ readonly refused: boolean; readonly nothing: boolean }> {
    const context = {
      workspace: this.workspace,
      dataDir: join(this.life.dir, 'data'),
      now: Date.now,
      bus: async () => this.#faulty.bus,
      settings: { gateway: { handlerTimeoutMs: 10_000 } },
    };
    const push = pushing(context as unknown as GatewayContext);
    const feed = makeFeed({ kind: 'http-push' }, { maxWithdrawShare: MAX_SHARE });
    this.#asOf += 60_000;
    this.#pushed += 1;
    try {
      const records = this.#rows().map(({ key, licence, name }, i) => ({
        position: `${this.#pushed}#${i}`,
        value: { code: key, name, status: licence },
      }));
      const outcome = await push.publish(
        this.contract,
        feed,
        { sourceTime: new Date(this.#asOf).toISOString(), snapshot: true, records },
        () => undefined,
        undefined,
      );
      return { refused: outcome.shrunk !== undefined, nothing: false };
    } finally {
      await push.close().catch(() => undefined);
    }
  }

  /** The rows that the system has last seen in full, or was cut off in. */
  #last: { readonly rows: readonly Row[]; readonly counted: boolean } | undefined;

  async deliver(options: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
    const rows = this.#rows();
    await this.#source?.put(rows, this.#form);
    return await this.#read(rows, options);
  }

  async #read(rows: readonly Row[], options: Readonly<Record<string, string>>): Promise<readonly string[]> {
    try {
      const { refused, nothing } = await this.#run(options);
      if (nothing) {
        const same = this.#last?.counted === true && JSON.stringify(rows) === JSON.stringify(this.#last.rows);
        return same ? [] : ['the register changed, and the run says that there is nothing new'];
      }
      this.#last = { rows, counted: true };
      return this.register.applied(
        rows,
        { refused, held: this.#held() },
        this.#shown,
        this.#source !== undefined && options['acceptShrink'] === 'true',
      );
    } catch (error) {
      if (!isYitongError(error) || (error.code !== 'bus_unavailable' && error.code !== 'bad_feed')) throw error;
      if (error.code === 'bad_feed') return this.#form.title === this.#mapped ? [`a run failed: ${error.message}`] : [];
      this.#last = { rows, counted: false };
      this.register.cutOff(rows, this.#shown);
      return [];
    }
  }

  /** The bus fails in the middle of a run, and the process with it. */
  async #killed(): Promise<readonly string[]> {
    this.#faulty.failAfter = this.random.between(0, 3);
    const findings = await this.deliver();
    this.#faulty.failAfter = Infinity;
    await this.#stop();
    await this.#start();
    return findings;
  }

  async step(): Promise<readonly string[]> {
    const { random } = this;
    const done = [this.change()];
    while (random.chance(0.4)) done.push(this.change());
    const what = random.pick([
      'deliver',
      'deliver',
      'deliver',
      'deliver',
      'again',
      'accept',
      'release',
      'keep',
      'killed',
      'killed',
      'restart',
      'rebuild',
      'header',
      'mapping',
      'late',
      'idle',
    ]);
    this.story.push([...done, what].join('+'));
    const findings: string[] = [];
    switch (what) {
      case 'deliver':
        findings.push(...(await this.deliver()));
        break;
      case 'again':
        findings.push(...(await this.deliver({ again: 'true' })));
        break;
      case 'accept':
        findings.push(...(await this.deliver({ acceptShrink: 'true' })));
        break;
      case 'killed':
        findings.push(...(await this.#killed()));
        break;
      case 'restart':
        await this.#stop();
        await this.#start();
        break;
      case 'rebuild':
        await this.#view.close();
        this.#views += 1;
        await this.#openView();
        break;
      case 'header':
        if (this.#source?.late !== undefined || this.#source?.kind === 'file') {
          this.#form = { title: this.#form.title === 'name' ? 'title' : 'name' };
          findings.push(...(await this.deliver()));
          this.#mapped = this.#form.title;
          // what was delivered in the new form is read by the new mapping
          findings.push(...(await this.#read(this.#rows(), {})));
        }
        break;
      case 'mapping':
        this.#upper = !this.#upper;
        findings.push(...(await this.deliver()));
        break;
      case 'late':
        this.#source?.late?.(this.register.deliver().slice(0, 3), this.#form);
        break;
      case 'release':
      case 'keep':
        await this.#decide(what);
        break;
      case 'idle':
        break;
    }
    return [...findings, ...(await this.compare())];
  }

  async #decide(what: 'release' | 'keep'): Promise<void> {
    const held = this.#state.held(this.contract.id);
    if (held.length === 0) return;
    const one = this.random.pick(held);
    const dataDir = join(this.life.dir, 'data');
    const quarantine = Quarantine.open(dataDir, this.contract.id, () => new Date());
    const feed = makeFeed(this.#source?.feed ?? { kind: 'http-push' });
    const options = {
      workspace: this.workspace,
      contract: this.contract,
      state: this.#state,
      quarantine,
      now: () => new Date(),
      feed,
      bus: this.#faulty.bus,
      ids: [heldId(one)],
      by: 'officer',
    };
    try {
      if (what === 'keep') await keepHeld(options);
      else {
        await releaseHeld(options);
        this.register.released(one.subject.slice('digit9:'.length));
      }
    } finally {
      await quarantine.close();
    }
  }

  // --- what is answered ---

  async #follow(): Promise<void> {
    const topics = [
      dataTopic(this.workspace.prefix, this.contract.id),
      controlTopic(this.workspace.prefix, this.contract.authority),
    ];
    for (const topic of topics) {
      const state = await this.#bus.topicState(topic);
      if (state === undefined) continue;
      const behind = (): boolean =>
        state.partitions.some(({ high }, partition) => this.#view.nextOffset(topic, partition) < high);
      if (!behind()) continue;
      let arrived: () => void = () => undefined;
      const all = new Promise<void>((resolve) => (arrived = resolve));
      const consumption = await this.#bus.consume({
        topics: [topic],
        from: (_, partition) => this.#view.nextOffset(topic, partition),
        onOffsetLost: ({ low }) => low,
        onBatch: async (batch) => {
          await this.#view.apply(batch);
          if (!behind()) arrived();
        },
      });
      await Promise.race([all, consumption.done]);
      await consumption.stop();
    }
  }

  async compare(): Promise<string[]> {
    await this.#follow();
    const reader = this.#view.reader();
    const record = new Map<string, string>();
    const findings: string[] = [];
    for (let n = 1; n <= this.#next; n++) {
      const key = digit9.make(n);
      reader.read(`digit9:${key}` as SubjectKey, [this.contract.id], { kind: 'now' }, (_, version) => {
        if (record.has(key)) findings.push(`${key} has two records`);
        record.set(
          key,
          (decodeRecord(this.contract.latest, version.bytes, version.start, version.end) as { name: string }).name,
        );
      });
    }
    return [...findings, ...this.register.compare(record)];
  }
}

/** Lives it to its end, or to the first finding. */
export async function live(life: Life): Promise<Ended> {
  const world = new World(life);
  await world.open();
  try {
    for (let done = 0; done < life.steps; done++) {
      const findings = await world.step();
      if (findings.length > 0) return { steps: done + 1, story: world.story, findings };
    }
    return { steps: life.steps, story: world.story, findings: [] };
  } finally {
    await world.close();
  }
}
