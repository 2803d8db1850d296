/** A producer that is never without a bus: what cannot be sent is spooled, and nothing overtakes what waits. */
import { isYitongError } from '../../contracts/errors.js';
import type { Ack, OutRecord, Producer, TopicName } from '../bus/port.js';
import type { Spool } from './store.js';

interface SpoolingParts {
  readonly spool: Spool;
  /** The dataset. Its data and its watermarks share it, so that none speaks of records that still wait. */
  readonly queue: string;
  /** Opened at the first send that needs it, and anew after a failure. */
  readonly open: () => Promise<Producer>;
}

export class SpoolingProducer implements Producer {
  private producer: Promise<Producer> | undefined;
  private away = false;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: SpoolingParts) {}

  /**
   * Resolves when the bus has the records, or the disk; then without acks. One after another: a second send must not
   * pass while the first is on its way into the spool. @throws YitongError `spool_full`; what the bus refuses for good,
   * as `bus_denied`
   */
  send(topic: TopicName, records: readonly OutRecord[]): Promise<readonly Ack[]> {
    const mine = this.last.then(() => this.sendNow(topic, records));
    this.last = mine.catch(() => undefined);
    return mine;
  }

  /** The bus was just seen to be away: the next send does not wait to see it too. */
  busIsAway(): void {
    this.away = true;
  }

  async close(): Promise<void> {
    await this.last;
    await (await this.producer?.catch(() => undefined))?.close();
  }

  private async sendNow(topic: TopicName, records: readonly OutRecord[]): Promise<readonly Ack[]> {
    const { spool, queue } = this.parts;
    const away = this.away;
    this.away = false;
    if (!away && !spool.waiting(queue)) {
      try {
        return await (await this.opened()).send(topic, records);
      } catch (error) {
        if (!isYitongError(error) || error.code !== 'bus_unavailable') throw error;
      }
    }
    await spool.append(queue, topic, records);
    return [];
  }

  private opened(): Promise<Producer> {
    if (this.producer === undefined) {
      const opening = this.parts.open();
      this.producer = opening;
      opening.catch(() => (this.producer = undefined));
    }
    return this.producer;
  }
}
