/** A bus whose producers send as a test says: twice, or with an end between the bus and the sender's own memory. */
import type { Ack, Bus, OutRecord, Producer } from '../../connectors/bus/port.js';

/** @param send takes the place of each producer's own, and is given it */
export function sendingBy(
  bus: Bus,
  send: (producer: Producer, topic: string, records: readonly OutRecord[]) => Promise<readonly Ack[]>,
): Bus {
  return new Proxy(bus, {
    get: (target, name) => {
      if (name === 'producer') {
        return async (options?: Parameters<Bus['producer']>[0]) => {
          const producer = await target.producer(options);
          return {
            send: (topic, records) => send(producer, topic, records),
            close: () => producer.close(),
          } satisfies Producer;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
