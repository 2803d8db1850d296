/**
 * Changes written to a topic that is a client's own. A record has the key of all topics of a gateway,
 * `<subject>|<record>`, and the subject alone decides its partition: so what comes of a subject keeps its order.
 * Everything of one topic is written by one hand, one delivery after the other.
 */
import { type Bus, HEADER, type OutRecord, type Producer } from '../../../connectors/bus/port.js';
import type { DatasetId } from '../../../contracts/ids.js';
import { type ChangeLine, type Naming, recordName } from '../../answer/changes/lines.js';
import { type Delivery, NotDelivered, type Outlet } from './outlet.js';

/** ms for which a bus is tried: a delivery is over before an end of its grant must have counted. */
const GIVE_UP_AFTER = 3000;

/** Name of a subject and of a record, as the subscription has them. */
function keyOf(line: ChangeLine, naming: Naming): Pick<OutRecord, 'subject' | 'recordId'> {
  if (naming.signals(line.dataset)) return { subject: naming.pseudonym('subject', line.subject), recordId: '' };
  return { subject: line.subject, recordId: naming.pseudonym('record', recordName(line)) };
}

const keyOfLost = (dataset: DatasetId): Pick<OutRecord, 'subject' | 'recordId'> => ({ subject: dataset, recordId: '' });

function recordsOf({ subscription, lost, lines, naming }: Delivery): readonly OutRecord[] {
  const headers = { [HEADER.subscription]: subscription };
  const whole = (text: string): Buffer => Buffer.from(text, 'utf8');
  return [
    ...lost.map(({ dataset, text }) => ({ ...keyOfLost(dataset), value: whole(text), headers })),
    ...lines.map(({ line, text }) => ({ ...keyOf(line, naming), value: whole(text), headers })),
  ];
}

/** The topics of all clients that this worker writes to. */
export class Topics {
  readonly #bus: () => Promise<Bus>;
  readonly #topics = new Map<string, Topic>();

  constructor(bus: () => Promise<Bus>) {
    this.#bus = bus;
  }

  /** When nobody else writes to it, and it is there. @throws NotDelivered */
  async reach(name: string): Promise<Outlet> {
    let topic = this.#topics.get(name);
    if (topic === undefined) this.#topics.set(name, (topic = new Topic(name, this.#bus)));
    return await topic.reach();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#topics.values()].map((topic) => topic.close()));
  }
}

class Topic {
  readonly #name: string;
  readonly #bus: () => Promise<Bus>;
  /** When the delivery before is over. */
  #turn: Promise<void> = Promise.resolve();
  #producer: Producer | undefined;

  constructor(name: string, bus: () => Promise<Bus>) {
    this.#name = name;
    this.#bus = bus;
  }

  async reach(): Promise<Outlet> {
    const before = this.#turn;
    let close: () => void = () => undefined;
    this.#turn = new Promise<void>((resolve) => (close = resolve));
    await before;
    try {
      const bus = await this.#bus();
      if ((await bus.topicState(this.#name)) === undefined) throw new NotDelivered('the bus has no such topic');
      const producer = (this.#producer ??= await bus.producer({ giveUpAfterMs: GIVE_UP_AFTER }));
      return { deliver: (delivery) => this.#deliver(producer, delivery), close };
    } catch (error) {
      close();
      throw notDelivered(error);
    }
  }

  async #deliver(producer: Producer, delivery: Delivery): Promise<void> {
    if (delivery.signal.aborted) throw new NotDelivered('the delivery was stopped');
    try {
      await producer.send(this.#name, recordsOf(delivery));
    } catch (error) {
      // what is still under way in another partition is waited for: the next delivery must not stand behind it
      this.#producer = undefined;
      await producer.close();
      throw notDelivered(error);
    }
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#producer?.close();
  }
}

const notDelivered = (error: unknown): NotDelivered =>
  error instanceof NotDelivered ? error : new NotDelivered(error instanceof Error ? error.message : 'no reason given');
