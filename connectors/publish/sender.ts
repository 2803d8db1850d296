/**
 * One send in flight, the next batch gathered meanwhile: the bus is never idle while rows are encoded, and records of one
 * subject cannot overtake each other.
 */
import type { OutRecord, Producer, TopicName } from '../bus/port.js';

interface Batch {
  readonly records: readonly OutRecord[];
  /** Called when all are durable on the bus, before the promise of the batch resolves. */
  readonly acked: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MAX_RECORDS = 4_000;

export class Sender {
  private waiting: Batch[] = [];
  private busy = false;

  constructor(
    private readonly producer: Producer,
    private readonly topic: TopicName,
  ) {}

  /** Resolves when all are durable. @throws YitongError `bus_unavailable`; everything gathered behind a failure fails with it */
  send(records: readonly OutRecord[], acked: () => void): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting.push({ records, acked, resolve, reject });
      void this.pump();
    });
  }

  private async pump(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.length > 0) {
      const taken: Batch[] = [];
      const records: OutRecord[] = [];
      while (this.waiting.length > 0 && (taken.length === 0 || records.length + (this.waiting[0]?.records.length ?? 0) <= MAX_RECORDS)) {
        const batch = this.waiting.shift();
        if (batch === undefined) break;
        taken.push(batch);
        for (const record of batch.records) records.push(record);
      }
      try {
        await this.producer.send(this.topic, records);
      } catch (error) {
        // later records of the same subject must not go out before these have
        for (const batch of [...taken, ...this.waiting.splice(0)]) batch.reject(error);
        continue;
      }
      for (const { acked, resolve } of taken) {
        acked();
        resolve();
      }
    }
    this.busy = false;
  }
}
