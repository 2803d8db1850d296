/** A receipt is the last member of an answer, whether there is room for it behind the answer's bytes or not. */
import t from 'tap';
import { withReceipt } from '../../../gateway/answer/question/receipt.js';

t.test('the bytes are those of the answer and of the receipt, whatever room there is', (t) => {
  for (const body of ['{}', '{"name":"云州安光"}', `{"x":"${'x'.repeat(3000)}"}`])
    for (const receipt of ['{}', '{"key":"复制.test"}', `{"path":"${'y'.repeat(1500)}"}`]) {
      const bytes = Buffer.from(body);
      const whole = Buffer.from(`${body.slice(0, -1)},"receipt":${receipt}}`);
      const room = whole.length - bytes.length;
      for (const space of [0, 1, room - 1, room, room + 1, 5000]) {
        const buffer = Buffer.alloc(bytes.length + space, '!');
        bytes.copy(buffer);
        const answer = withReceipt(buffer.subarray(0, bytes.length), receipt, buffer);
        t.ok(answer.equals(whole), `${String(space)} bytes of room for ${String(room)}`);
        t.equal(buffer.toString('utf8', 0, bytes.length - 1), body.slice(0, -1), 'the answer stands where it stood');
        if (space > room)
          t.equal(buffer.toString('latin1', whole.length), '!'.repeat(space - room), 'and no byte more');
      }
      t.ok(withReceipt(bytes, receipt).equals(whole));
    }
  t.end();
});
