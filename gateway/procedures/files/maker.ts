/**
 * Makes the files that were ordered, one after the other, beside whoever answers. Each chunk of subjects is decided
 * anew and on record before the file is offered; where it is decided otherwise than before, the file is begun anew or
 * stops. What was begun by one that died is begun anew: a file is offered whole or not at all.
 */
import { hash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { DatasetId, SubjectKey } from '../../../contracts/ids.js';
import { syncDir } from '../../../contracts/sync-dir.js';
import type { Workspace } from '../../../contracts/types.js';
import type { Client } from '../../../policies/types.js';
import { COUNTS_EVERYWHERE, type InForce } from '../../answer/inforce/snapshot.js';
import type { Marked } from '../../answer/question/build.js';
import type { Closing } from '../../answer/question/closed-records.js';
import { type Included, recordMany } from '../../answer/question/on-record.js';
import { type Plan, Plans } from '../../answer/question/plan.js';
import { NOW, readingOf } from '../../answer/question/reading.js';
import type { StatedCase } from '../../answer/question/request.js';
import type { ViewReader } from '../../answer/view/port.js';
import type { Journal } from '../../log/entries/port.js';
import { type Envelope, envelopeFor, receiverKey } from './envelope.js';
import { type Formatting, formatting } from './formats.js';
import { Lines } from './lines.js';
import { type FileDesk, openCase } from './opened.js';
import type { FileOrder, StoredOrder } from './store.js';
import { VaultWriter, vaultKey, WhoIsIn } from './vault.js';

interface FilesGround {
  readonly workspace: Pick<Workspace, 'contracts' | 'schemasById' | 'schemes'>;
  readonly inForce: () => Pick<InForce, 'decider' | 'policies' | 'purposes'>;
  readonly now: () => number;
}

interface MakerParts {
  readonly ground: FilesGround & { readonly view: ViewReader; readonly journal: Journal };
  readonly desk: Pick<FileDesk, 'store' | 'secret' | 'folder'>;
  readonly closing: Closing;
  /** Whether a correction of a record is under way. */
  readonly marked?: Marked;
  /**
   * By which the log knows these subjects, in their order; of who is new there they are made, all at once.
   * @throws SubjectKeyDamaged
   */
  readonly namesOf: (subjects: readonly string[]) => readonly string[];
  /** As people call this replica. */
  readonly name: string;
  /** ms for which a file may be fetched. */
  readonly keptFor: number;
  readonly onTrouble: (error: unknown) => void;
  /** Subjects a chunk. */
  readonly chunk?: number;
  /** Tests: called before each chunk. */
  readonly beforeChunk?: (order: FileOrder, chunk: number) => Promise<void> | void;
}

/** Subjects that are decided, read and put on record together. */
const CHUNK = 2000;
/** ms between two words of how far it is. */
const BEAT = 1000;
/** ms without such a word after which another replica makes the file. */
export const TAKEN_OVER_AFTER = 30_000;
/** ms between two looks for orders. */
const LOOK = 500;
const MOST_FAULTS = 3;
/** What passes: the file is begun again when it has. */
const PASSING: ReadonlySet<string> = new Set([
  'view_unavailable',
  'state_unavailable',
  'audit_unavailable',
  'store_full',
  'shutting_down',
]);

/** It may not be given: a reason of the decision, or why its client is not answered. */
class Stopped extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}
/** The policies say otherwise than when it was begun. */
class Otherwise extends Error {}
/** Its client ended it, or another makes it. */
class Gone extends Error {}

/** A print of what was decided: the same as long as a file made under it may be given. */
export function decidedPrint(plan: Plan): string {
  const parts = plan.datasets.map(({ id, decision: { effect, grant, fields, rows }, allowed }) => [
    id,
    effect,
    grant,
    fields,
    rows,
    allowed?.contract.latest.schemaId,
  ]);
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

/** What is decided of an order now. */
export class FilePlans {
  readonly #ground: FilesGround;
  readonly #desk: Pick<FileDesk, 'secret'>;
  readonly #plans: Plans;

  constructor(ground: FilesGround, desk: Pick<FileDesk, 'secret'>, closing: Closing) {
    const { workspace, inForce } = ground;
    this.#ground = ground;
    this.#desk = desk;
    this.#plans = new Plans({ workspace, inForce, delivery: 'file', closing });
  }

  /** @param stated of one that was not ordered so far */
  plan(
    client: Client,
    { purpose, dataset, fields, stated: sealed }: Pick<FileOrder, 'purpose' | 'dataset' | 'fields' | 'stated'>,
    stated: StatedCase | undefined = openCase(this.#desk.secret, sealed),
  ): Plan {
    const asked = fields === undefined ? { id: dataset } : { id: dataset, fields };
    const question = { purpose, datasets: [asked], ...(stated === undefined ? {} : { case: stated }) };
    return this.#plans.make(client, question, this.#ground.now());
  }

  /** As the policies have it now; undefined where it may ask nothing. */
  clientOf({ client }: Pick<FileOrder, 'client'>): Client | undefined {
    const found = this.#ground.inForce().policies.clients.get(client as Client['id']);
    return found?.status === 'active' ? found : undefined;
  }
}

export class FileMaker {
  readonly #parts: MakerParts;
  readonly #plans: FilePlans;

  constructor(parts: MakerParts) {
    this.#parts = parts;
    this.#plans = new FilePlans(parts.ground, parts.desk, parts.closing);
  }

  /** Until it is told to stop, or nothing was to be made for so long. Never rejects. */
  async run(signal: AbortSignal, idleMs = Infinity): Promise<void> {
    let since = performance.now();
    let troubled = false;
    while (!signal.aborted && performance.now() - since < idleMs) {
      try {
        if (await this.next(signal)) since = performance.now();
        troubled = false;
      } catch (error) {
        if (!troubled) this.#parts.onTrouble(error);
        troubled = true;
        since = performance.now();
      }
      await pause(LOOK, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Makes the oldest that is to be made here.
   * @returns whether there was one @throws YitongError of what passes: it is begun anew later
   */
  async next(signal: AbortSignal): Promise<boolean> {
    const { desk, ground, name } = this.#parts;
    const { store, folder } = desk;
    const now = ground.now();
    const order = (await store.open()).find(
      ({ replica, beatAt }) => replica.folder === folder.id || now - beatAt > TAKEN_OVER_AFTER,
    );
    if (order === undefined) return false;
    // whoever made it before has died over it
    const faults = order.faults + (order.state === 'making' ? 1 : 0);
    if (order.replica.folder === folder.id) this.#drop(order);
    if (faults > MOST_FAULTS) {
      await store.change(order, { state: 'failed', reason: 'internal' });
      return true;
    }
    const claimed = await store.change(order, {
      state: 'making',
      attempt: order.attempt + 1,
      faults,
      beatAt: now,
      replica: { folder: folder.id, name },
      progress: { chunks: 0, subjects: 0, records: 0 },
    });
    if (claimed !== undefined) await this.#make(claimed, signal);
    return true;
  }

  async #make(claimed: StoredOrder, signal: AbortSignal): Promise<void> {
    const making = new Making(claimed, this.#parts, this.#plans, signal);
    let over: Partial<FileOrder>;
    let passing: unknown;
    try {
      const made = await making.whole();
      over = { state: 'ready', made, progress: making.progress() };
    } catch (error) {
      this.#drop(claimed);
      if (error instanceof Gone) return;
      if (error instanceof Stopped) over = { state: 'stopped', reason: error.reason };
      else if (error instanceof Otherwise) over = { state: 'ordered' };
      else if (isYitongError(error) && PASSING.has(error.code)) {
        over = { state: 'ordered' };
        if (error.code !== 'shutting_down') passing = error;
      } else {
        this.#parts.onTrouble(error);
        const faults = claimed.faults + 1;
        const reason = isYitongError(error) ? error.code : 'internal';
        over = faults > MOST_FAULTS ? { state: 'failed', reason, faults } : { state: 'ordered', faults };
      }
    }
    const order = await this.#parts.desk.store.change(making.order, over);
    if (order === undefined) this.#drop(claimed);
    if (passing !== undefined) throw passing;
  }

  #drop(order: FileOrder): void {
    const { bytes, who } = this.#parts.desk.folder.filesOf(order);
    rmSync(bytes, { force: true });
    rmSync(who, { force: true });
  }
}

/** One file while it is made. */
class Making {
  /** As it was stored last. */
  order: StoredOrder;
  readonly #parts: MakerParts;
  readonly #plans: FilePlans;
  readonly #lines: Lines;
  readonly #signal: AbortSignal;
  readonly #begunAt: number;
  #beatAt = performance.now();
  #chunks = 0;
  #subjects = 0;
  #records = 0;

  constructor(order: StoredOrder, parts: MakerParts, plans: FilePlans, signal: AbortSignal) {
    this.order = order;
    this.#parts = parts;
    this.#plans = plans;
    this.#lines = new Lines(parts.marked);
    this.#signal = signal;
    this.#begunAt = parts.ground.now();
  }

  /** @throws Stopped, Otherwise, Gone; YitongError */
  async whole(): Promise<NonNullable<FileOrder['made']>> {
    const { desk, ground, keptFor } = this.#parts;
    const { plan } = this.#decide(undefined);
    const decided = decidedPrint(plan);
    const salt = randomBytes(32).toString('base64url');
    const { bytes: file, who } = desk.folder.filesOf(this.order);
    const vault = new VaultWriter(file, vaultKey(desk.secret, this.order.id, salt));
    const inIt = new WhoIsIn(who);
    try {
      const envelope = this.order.receiver === undefined ? undefined : envelopeFor(receiverKey(this.order.receiver));
      await this.#fill(plan, decided, vault, inIt, envelope);
      inIt.end();
      const written = vault.end();
      syncDir(desk.folder.path);
      // what ended while the last chunk was written
      this.#decide(decided);
      const madeAt = ground.now();
      return { ...written, salt, decided, begunAt: this.#begunAt, madeAt, expiresAt: madeAt + keptFor };
    } finally {
      vault.close();
      inIt.close();
    }
  }

  async #fill(
    first: Plan,
    decided: string,
    vault: VaultWriter,
    inIt: WhoIsIn,
    envelope: Envelope | undefined,
  ): Promise<void> {
    const shape = first.read[0]?.shape();
    if (shape === undefined) throw new YitongError('internal', 'what is allowed has no shape');
    const format = formatting(this.order.format, shape);
    const put = (bytes: Buffer): void => vault.write(envelope === undefined ? bytes : envelope.update(bytes));
    if (envelope !== undefined) vault.write(envelope.head());
    put(format.head());
    await this.#beat({ total: await this.#total(first) }, true);
    for await (const { subjects, listed } of this.#subjectsOf(first)) {
      await this.#parts.beforeChunk?.(this.order, this.#chunks);
      if (this.#signal.aborted) throw new YitongError('shutting_down', 'the maker of files stops');
      put(await this.#chunk(decided, format, inIt, subjects, listed));
      await this.#beat({}, false);
    }
    // that there is nothing is told as well
    if (this.#chunks === 0) put(await this.#chunk(decided, format, inIt, [], true));
    if (envelope !== undefined) vault.write(envelope.end());
  }

  /** @throws Stopped; Otherwise where it is not as it was */
  #decide(decided: string | undefined): { readonly client: Client; readonly plan: Plan } {
    const client = this.#plans.clientOf(this.order);
    if (client === undefined) throw this.#refused('client_suspended', decided);
    const plan = this.#plans.plan(client, this.order);
    if (plan.read.length === 0)
      throw this.#refused(plan.datasets[0]?.decision.reasons[0]?.code ?? 'not_granted', decided);
    if (decided !== undefined && decidedPrint(plan) !== decided) throw new Otherwise();
    return { client, plan };
  }

  /**
   * Whoever took the order may know of a change that has not come here so far: before anything was made it is decided
   * again, until what counts everywhere has come.
   */
  #refused(reason: string, decided: string | undefined): Error {
    const age = this.#parts.ground.now() - this.order.createdAt;
    return decided === undefined && age < COUNTS_EVERYWHERE ? new Otherwise() : new Stopped(reason);
  }

  /** Decided anew, read, and durable in the log when it resolves. */
  async #chunk(
    decided: string,
    format: Formatting,
    inIt: WhoIsIn,
    subjects: readonly SubjectKey[],
    listed: boolean,
  ): Promise<Buffer> {
    const { ground, desk } = this.#parts;
    const started = ground.now();
    const { client, plan } = this.#decide(decided);
    const included: Included[] = [];
    const from = await readingOf(ground.view, subjects, plan);
    let records = 0;
    this.#lines.begin();
    for (const subject of subjects) {
      const own = this.#lines.add(from, plan, subject);
      // of whoever is not listed and has nothing that is granted nothing is told
      if (own === 0 && !listed) continue;
      records += own;
      included.push({ subject, counts: [own] });
    }
    if (included.length === 0 && !listed) return Buffer.alloc(0);
    // before the entries: whoever is erased while they are written is in the file under a name that nobody has
    const names = this.#parts.namesOf(included.map(({ subject }) => subject));
    const body = format.rows(this.#lines.written());
    await recordMany(ground.journal, {
      plan,
      client,
      purpose: this.order.purpose,
      stated: openCase(desk.secret, this.order.stated),
      requestId: `${this.order.id}.${String(this.order.attempt)}`,
      time: new Date(started).toISOString(),
      chunk: this.#chunks,
      bodySha256: hash('sha256', body, 'base64url'),
      bytes: body.length,
      included,
    });
    inIt.add(names);
    this.#chunks++;
    this.#subjects += included.length;
    this.#records += records;
    return body;
  }

  async #total(plan: Plan): Promise<number> {
    const { view } = this.#parts.ground;
    const [dataset] = plan.readIds;
    if (dataset === undefined) return 0;
    const reading = view.fetch === undefined ? view : await view.fetch([], plan.readIds, NOW);
    return reading.datasetState(dataset).records;
  }

  async *#subjectsOf(
    plan: Plan,
  ): AsyncGenerator<{ readonly subjects: readonly SubjectKey[]; readonly listed: boolean }> {
    const { desk, chunk = CHUNK } = this.#parts;
    const [dataset] = plan.readIds;
    const rows = plan.datasets[0]?.decision.rows;
    const asked = this.order.listed === undefined ? undefined : await desk.store.subjects(this.order);
    const listed = asked ?? (rows?.kind === 'subjects' ? rows.subjects : undefined);
    if (listed !== undefined) {
      for (let at = 0; at < listed.length; at += chunk)
        yield { subjects: listed.slice(at, at + chunk) as SubjectKey[], listed: true };
      return;
    }
    if (dataset !== undefined)
      for await (const subjects of this.#all(dataset, chunk)) yield { subjects, listed: false };
  }

  async *#all(dataset: DatasetId, chunk: number): AsyncGenerator<readonly SubjectKey[]> {
    let some: SubjectKey[] = [];
    for (let after: string | undefined; ; ) {
      const page = await this.#parts.ground.view.subjects(dataset, after, chunk);
      some.push(...page.subjects);
      while (some.length >= chunk) {
        yield some.slice(0, chunk);
        some = some.slice(chunk);
      }
      if (page.next === undefined) break;
      after = page.next;
      await this.#beat({}, false);
    }
    if (some.length > 0) yield some;
  }

  progress(): FileOrder['progress'] {
    return { chunks: this.#chunks, subjects: this.#subjects, records: this.#records };
  }

  /** Says how far it is, once a second. @throws Gone */
  async #beat(parts: Partial<FileOrder>, now: boolean): Promise<void> {
    if (this.#signal.aborted) throw new YitongError('shutting_down', 'the maker of files stops');
    if (!now && performance.now() - this.#beatAt < BEAT) return;
    this.#beatAt = performance.now();
    const progress = this.progress();
    const beatAt = this.#parts.ground.now();
    const next = await this.#parts.desk.store.change(this.order, { ...parts, progress, beatAt });
    if (next === undefined) throw new Gone();
    this.order = next;
  }
}
