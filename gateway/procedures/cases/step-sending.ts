/**
 * Steps of cases on their way from the outbox to the topics of their authorities. A send is of one topic, which has one
 * partition: what it holds is on the bus whole and in its order, or comes again.
 */
import { type Bus, caseTopicSpec, type OutRecord, type Producer } from '../../../connectors/bus/port.js';
import { recordSubject } from '../../../contracts/ids.js';
import type { OutboxMessage, State } from '../../ground/state/port.js';
import { sendOutbox } from '../../ground/state/sending.js';

interface StepSendingOptions {
  readonly state: State;
  readonly bus: Bus;
  /** Names this process among those that could send. */
  readonly holder: string;
  readonly onTrouble: (error: unknown) => void;
}

interface StepSending {
  /** ms since it knew last that nothing waits, or that another process sends. */
  age(): number;
  stop(): Promise<void>;
}

/** ms for which the sender of another process is left alone. */
const LEASE = 20_000;
/** ms that a send is retried by the bus itself; well within half of the lease. */
const GIVE_UP = 6000;

const recordOf = ({ key, value, headers }: OutboxMessage): OutRecord => {
  const subject = recordSubject(key);
  return {
    subject,
    recordId: key.slice(subject.length + 1),
    value: value === null ? null : Buffer.from(value, 'base64'),
    headers,
  };
};

export function sendSteps({ state, bus, holder, onTrouble }: StepSendingOptions): StepSending {
  /** Topics that were looked at and are there. */
  const there = new Set<string>();
  let producer: Producer | undefined;
  async function send(messages: readonly OutboxMessage[]): Promise<void> {
    for (const topic of new Set(messages.map((message) => message.topic))) {
      const ofTopic = messages.filter((message) => message.topic === topic);
      try {
        if (!there.has(topic)) await bus.ensureTopics([caseTopicSpec(topic)]);
        there.add(topic);
        producer ??= await bus.producer({ giveUpAfterMs: GIVE_UP });
        await producer.send(topic, ofTopic.map(recordOf));
      } catch (error) {
        // it may have been deleted
        there.delete(topic);
        throw error;
      }
    }
  }
  const sending = sendOutbox(state, { holder, send, leaseMs: LEASE, onTrouble });
  return {
    age: () => sending.age(),
    async stop() {
      await sending.stop();
      await producer?.close();
    },
  };
}
