/** What one publisher has decided and the state does not say yet: waiting to be sent, or on its way. */
import { randomBytes } from 'node:crypto';
import type { Span } from '../../contracts/tracing.js';
import { HEADER, type OutRecord } from '../bus/port.js';
import type { PublisherOptions } from './options.js';
import { HASH_BYTES, type Published } from './published.js';
import type { Sender } from './sender.js';
import type { Intent } from './state.js';
import { traced } from './traced.js';

/** What the state will say of a record once the bus has it. */
interface Live extends Published {
  readonly key: string;
  readonly position: string;
  /** What came under the position; `hash` where it is certain that the bus has it last. */
  readonly content: string;
  readonly withdrawn: boolean;
}

/** Of a record of which nobody knows what the bus has last: no content is equal to it, so that the next one is sent. */
const UNKNOWN = '\0'.repeat(HASH_BYTES);

interface Left extends Intent {
  /** Under which the state has it. */
  readonly name: string;
}

/** A change on its way, and what of that which was left it takes the place of. */
interface Change {
  readonly live: Live;
  readonly instead: readonly Left[];
}

export class Outbox {
  private readonly dataset: string;
  /** Newer than the state, until a commit has made the state as new. */
  private readonly live = new Map<string, Live>();
  private readonly livePositions = new Map<string, string>();
  /** What goes out with the next send: what the state will say, and the records, each at the same index. */
  private changes: Change[] = [];
  private records: OutRecord[] = [];
  /** What a dead process or a failed send may have left on the bus, by record, in the order in which it was sent. */
  private left = new Map<string, readonly Left[]>();
  /** The same by the names under which the state has it, as it stands there. */
  private readonly leftNames = new Map<string, readonly Left[]>();
  /**
   * Records that are being sent again from the middle of what was left: what the bus has last is not what was decided
   * last.
   */
  private readonly unsure = new Map<string, { readonly entry: Live; readonly record: OutRecord }>();
  private intending: Promise<unknown> = Promise.resolve();
  private sends = 0;
  /** A send failed: what it left is not read yet. */
  private failed = false;
  /** Of the names of intents, which sort in the order in which they were sent. */
  private readonly prefix: string;

  constructor(
    private readonly options: PublisherOptions,
    private readonly sender: Sender,
  ) {
    this.dataset = options.contract.id;
    this.prefix = `${options.now().toISOString()}-${randomBytes(6).toString('hex')}`;
    this.takeLeft();
  }

  /**
   * Reads what others, or failed sends, have left. To be called where nothing of this publisher is on its way: at the
   * beginning of its turn.
   */
  takeLeft(): void {
    this.failed = false;
    this.left = new Map();
    this.leftNames.clear();
    for (const { name, intents } of this.options.state.intended(this.dataset)) {
      const left = intents.map((intent): Left => ({ ...intent, name }));
      this.leftNames.set(name, left);
      for (const one of left) this.left.set(one.key, [...(this.left.get(one.key) ?? []), one]);
    }
  }

  /** Before decisions are made. @throws YitongError `state_unavailable` */
  ready(): void {
    this.options.state.check();
    if (this.failed) this.takeLeft();
  }

  /** What is published of the record, or will be. */
  current(key: string): Published | undefined {
    const live = this.live.get(key);
    if (live !== undefined) return live.withdrawn ? undefined : live;
    return this.options.state.get(key);
  }

  /** Whether the bus may have something of the record that the state does not speak of. */
  isUncertain(key: string): boolean {
    return this.left.has(key);
  }

  /** Whether the bus has, or may have, something of the record that was not withdrawn. */
  mayHave(key: string): boolean {
    return this.current(key) !== undefined || this.isUncertain(key);
  }

  /**
   * Whether the record on the bus is this content for certain: then it need not be published again.
   * @param published what `current` says of the record
   */
  hasExactly(key: string, published: Published, content: string): boolean {
    return published.hash === content && !this.isUncertain(key);
  }

  /** The content that came before under that position. */
  knownPosition(position: string): string | undefined {
    if (this.options.rememberPositions !== true) return undefined;
    return this.livePositions.get(position) ?? this.options.state.position(this.dataset, position);
  }

  remember(position: string, content: string): void {
    if (this.options.rememberPositions === true)
      void this.options.state.putPosition(this.dataset, position, content, this.options.now().getTime());
  }

  /** For the next send. */
  add(entry: Live, record: OutRecord): void {
    this.unsure.delete(entry.key);
    const again = this.leftAgain(entry);
    const sequence = again?.sequence ?? this.options.state.nextSequence();
    const numbered = { ...record, headers: { ...record.headers, [HEADER.sequence]: sequence } };
    // in the middle of what was left, something newer may stand on the bus
    const known = again === undefined || again.last ? entry : { ...entry, hash: UNKNOWN };
    if (known !== entry) this.unsure.set(entry.key, { entry, record });
    this.live.set(entry.key, known);
    this.changes.push({ live: known, instead: again?.instead ?? [] });
    this.records.push(numbered);
    if (this.options.rememberPositions === true) this.livePositions.set(entry.position, entry.content);
  }

  /**
   * A version that was sent before and is sent again keeps its sequence, by which a view knows it; what is decided
   * otherwise than before gets a new one, and what was left of its record counts no more.
   */
  private leftAgain({
    key,
    hash,
    withdrawn,
  }: Live):
    | { readonly sequence: string | undefined; readonly last: boolean; readonly instead: readonly Left[] }
    | undefined {
    const left = this.left.get(key);
    if (left === undefined) return undefined;
    // of several runs that were cut off each may have sent it
    const at = left.findLastIndex((one) => one.sequence !== '' && one.hash === hash && one.withdrawn === withdrawn);
    const rest = at < 0 ? [] : left.slice(at + 1);
    if (rest.length === 0) this.left.delete(key);
    else this.left.set(key, rest);
    return { sequence: left[at]?.sequence, last: rest.length === 0, instead: at < 0 ? left : left.slice(0, at + 1) };
  }

  /**
   * Of rows that are not events: what was sent from the middle of what was left is sent once more, as what holds now.
   */
  settleUnsure(): void {
    for (const { entry, record } of [...this.unsure.values()]) {
      const instead = this.left.get(entry.key) ?? [];
      this.left.delete(entry.key);
      this.add(entry, record);
      const change = this.changes.pop();
      if (change !== undefined) this.changes.push({ ...change, instead });
    }
  }

  /**
   * Sends what the decisions of this turn of the event loop changed.
   * @throws YitongError `bus_unavailable`, `state_unavailable`
   */
  async send(span: Span | undefined): Promise<void> {
    const { changes, records } = this;
    if (records.length === 0) return;
    this.changes = [];
    this.records = [];
    try {
      const intent = await this.intend(changes, records);
      const settle = (): void => this.settle(changes, intent);
      await (span === undefined ? this.sender.send(records, settle) : traced(span, this.sender, records, settle));
    } catch (error) {
      // nothing on its way is certain any more; what did arrive is known by its sequence when it is sent again
      this.live.clear();
      this.livePositions.clear();
      this.unsure.clear();
      this.failed = true;
      throw error;
    }
  }

  /** Sends follow each other in the order in which this was called. */
  private async intend(changes: readonly Change[], records: readonly OutRecord[]): Promise<string> {
    const { state } = this.options;
    this.sends += 1;
    const name = `${this.prefix}|${String(this.sends).padStart(9, '0')}`;
    const before = this.intending;
    const mine = state.intend(
      this.dataset,
      name,
      changes.map(({ live: { key, content, withdrawn } }, i) => ({
        key,
        hash: content,
        withdrawn,
        sequence: records[i]?.headers[HEADER.sequence] ?? '',
      })),
    );
    this.intending = Promise.all([before, mine]);
    await this.intending;
    return name;
  }

  /**
   * The bus has them: the state follows, in one commit for all. A commit that fails is told by `State.check`; what it
   * would have said stays here.
   */
  private settle(changes: readonly Change[], intent: string): void {
    const { state, rememberPositions, now } = this.options;
    const lives = changes.map(({ live }) => live);
    if (rememberPositions === true)
      for (const { position, content } of lives)
        void state.putPosition(this.dataset, position, content, now().getTime());
    const intents = new Map<string, readonly Left[]>([[intent, []]]);
    for (const one of changes.flatMap(({ instead }) => instead)) {
      const rest = (this.leftNames.get(one.name) ?? []).filter((other) => other !== one);
      this.leftNames.set(one.name, rest);
      intents.set(one.name, rest);
    }
    state.putAll(this.dataset, lives, intents).then(
      () => {
        for (const entry of lives) {
          // a newer change of the same record may be on its way already
          if (this.live.get(entry.key) === entry) this.live.delete(entry.key);
          if (rememberPositions === true) this.livePositions.delete(entry.position);
        }
      },
      () => undefined,
    );
  }

  /** Records of which a dead process was about to publish something: the bus may have them. */
  leftKeys(): Iterable<string> {
    return this.left.keys();
  }
}
