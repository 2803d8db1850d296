import t from 'tap';
import type { OutRecord, Producer } from '../../connectors/bus/port.js';
import { Sender } from '../../connectors/publish/sender.js';

const records = (text: string): OutRecord[] => [
  { subject: 'uscc:A', recordId: '', value: Buffer.from(text), headers: {} },
];

/** A producer whose sends end when the test says so. */
function controlled() {
  const sends: { readonly ends: (error?: Error) => void }[] = [];
  const producer: Producer = {
    send: () =>
      new Promise((resolve, reject) => {
        sends.push({ ends: (error) => (error === undefined ? resolve([]) : reject(error)) });
      }),
    close: async () => undefined,
  };
  return { producer, end: (index: number, error?: Error) => sends[index]?.ends(error) };
}

/** All promises that can settle have. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

t.test('the state is written in the order of the sends, however they end', async (t) => {
  const { producer, end } = controlled();
  const sender = new Sender(producer, 'a.b');
  const acked: string[] = [];
  const all = ['1', '2', '3'].map((text) => sender.send(records(text), () => acked.push(text)));
  end(2);
  end(1);
  await settled();
  t.strictSame(acked, [], 'what came before is not certain yet');
  end(0);
  await Promise.all(all);
  t.strictSame(acked, ['1', '2', '3']);
});

t.test(
  'what follows a send that failed counts as failed, so that sending all again ends with the newest',
  async (t) => {
    const { producer, end } = controlled();
    const sender = new Sender(producer, 'a.b');
    const acked: string[] = [];
    const all = ['1', '2', '3'].map((text) => sender.send(records(text), () => acked.push(text)));
    end(1);
    end(0, new Error('no bus'));
    t.strictSame(
      (await Promise.allSettled(all)).map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    end(2, new Error('late'));
    t.strictSame(acked, [], 'the state knows of none of them');
    const again = sender.send(records('1'), () => acked.push('again'));
    end(3);
    await again;
    t.strictSame(acked, ['again']);
  },
);
