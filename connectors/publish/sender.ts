/**
 * Sends that follow each other without waiting, settled in their order. The bus keeps the order of one subject's
 * records; what is sent behind a failure counts as failed too, even where it arrived, so that sending all of it again
 * ends with the newest.
 */
import type { OutRecord, Producer, TopicName } from '../bus/port.js';

export class Sender {
  /** The send before the next one; resolved where nothing is on its way. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly producer: Producer,
    readonly topic: TopicName,
  ) {}

  /**
   * Resolves when these and all sent before are durable, after `acked` was called. @throws YitongError
   * `bus_unavailable`; whatever is sent before this failure is known fails with it
   */
  send(records: readonly OutRecord[], acked: () => void): Promise<void> {
    const settled = this.settle(this.last, this.producer.send(this.topic, records), acked);
    this.last = settled;
    const forget = (): void => {
      if (this.last === settled) this.last = Promise.resolve();
    };
    settled.then(forget, forget);
    return settled;
  }

  private async settle(before: Promise<void>, sent: Promise<unknown>, acked: () => void): Promise<void> {
    // a failure before these is reported at once; how these end does not matter any more
    sent.catch(() => undefined);
    await before;
    await sent;
    acked();
  }
}
