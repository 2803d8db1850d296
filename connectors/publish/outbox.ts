/** What one publisher has decided and the state does not say yet: waiting to be sent, or on its way. */
import type { Span } from '../../contracts/tracing.js';
import type { OutRecord } from '../bus/port.js';
import { traced } from './traced.js';
import type { PublisherOptions } from './options.js';
import type { Sender } from './sender.js';
import type { Published } from './state.js';

/** What the state will say of a record once the bus has it. */
export interface Live extends Published {
  readonly key: string;
  readonly position: string;
  readonly withdrawn: boolean;
}

export class Outbox {
  private readonly dataset: string;
  /** Newer than the state, until a commit has made the state as new. */
  private readonly live = new Map<string, Live>();
  private readonly livePositions = new Map<string, string>();
  /** What goes out with the next send: what the state will say, and the records, each at the same index. */
  private changes: Live[] = [];
  private records: OutRecord[] = [];
  private readonly leftIntents;
  private intending: Promise<unknown> = Promise.resolve();
  private sends = 0;

  constructor(
    private readonly options: PublisherOptions,
    private readonly sender: Sender,
  ) {
    this.dataset = options.contract.id;
    this.leftIntents = options.intents === true ? options.state.intended(this.dataset) : [];
  }

  /** What is published of the record, or will be. */
  current(key: string): Published | undefined {
    const live = this.live.get(key);
    if (live !== undefined) return live.withdrawn ? undefined : live;
    return this.options.state.get(key);
  }

  /** The content that came before under that position. */
  knownPosition(position: string): string | undefined {
    if (this.options.rememberPositions !== true) return undefined;
    return this.livePositions.get(position) ?? this.options.state.position(this.dataset, position);
  }

  remember(position: string, content: string): void {
    if (this.options.rememberPositions === true) void this.options.state.putPosition(this.dataset, position, content, this.options.now().getTime());
  }

  /** For the next send. */
  add(entry: Live, record: OutRecord): void {
    this.live.set(entry.key, entry);
    this.changes.push(entry);
    this.records.push(record);
    if (this.options.rememberPositions === true) this.livePositions.set(entry.position, entry.hash);
  }

  /** Sends what the decisions of this turn of the event loop changed. */
  async send(span: Span | undefined): Promise<void> {
    const { changes, records } = this;
    if (records.length === 0) return;
    this.changes = [];
    this.records = [];
    try {
      const intent = this.options.intents === true ? await this.intend(changes) : undefined;
      const settle = (): void => this.settle(changes, intent);
      await (span === undefined ? this.sender.send(records, settle) : traced(span, this.sender, records, settle));
    } catch (error) {
      // nothing on its way is certain any more; what did arrive is recognised by its position when it is sent again
      this.live.clear();
      this.livePositions.clear();
      throw error;
    }
  }

  /** Sends follow each other in the order in which this was called. */
  private async intend(changes: readonly Live[]): Promise<string | undefined> {
    const { state, run = '' } = this.options;
    const keys = changes.filter(({ key, withdrawn }) => !withdrawn && state.get(key) === undefined).map(({ key }) => key);
    const name = keys.length === 0 ? undefined : `${run}|${(this.sends += 1)}`;
    if (name !== undefined) this.intending = state.intend(this.dataset, name, keys);
    await this.intending;
    return name;
  }

  /** The run is complete: what a dead process intended is sent again, or withdrawn. */
  forgetIntents(): void {
    for (const { name } of this.leftIntents) this.options.state.settled(this.dataset, name);
  }

  /** The bus has them: the state follows, in one commit for all. */
  private settle(changes: readonly Live[], intent: string | undefined): void {
    const { state, rememberPositions, now } = this.options;
    if (rememberPositions === true) for (const { position, hash } of changes) void state.putPosition(this.dataset, position, hash, now().getTime());
    void state.putAll(changes).then(() => {
      if (intent !== undefined) state.settled(this.dataset, intent);
      for (const entry of changes) {
        // a newer change of the same record may be on its way already
        if (this.live.get(entry.key) === entry) this.live.delete(entry.key);
        if (rememberPositions === true) this.livePositions.delete(entry.position);
      }
    });
  }

  /** Records that a dead process was about to publish: the bus may have them. */
  leftKeys(): ReadonlySet<string> {
    return new Set(this.leftIntents.flatMap(({ keys }) => keys));
  }
}
