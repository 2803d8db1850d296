/** Services of one process that each open the same store do not stop it: one writes beside while another opens. */
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';

t.setTimeout(60_000);

t.test('many openings while commits are under way', async (t) => {
  const dir = join(t.testdir(), 'state');
  const first = openEmbeddedState({ dir });
  const put = (id: string) => ({ do: 'put', kind: 'paper', id, body: id }) as const;
  const under: Promise<unknown>[] = [];
  for (let round = 0; round < 100; round++) {
    under.push(first.commit([put(`a${String(round)}`)]));
    const other = openEmbeddedState({ dir });
    under.push(other.commit([put(`b${String(round)}`)]));
    if (round % 3 === 0) await Promise.all(under);
    await other.close();
  }
  await Promise.all(under);
  t.equal((await first.documents('paper', { limit: 1000 })).documents.length, 200, 'nothing is lost');
  await first.close();
  const again = openEmbeddedState({ dir });
  t.equal((await again.documents('paper', { limit: 1000 })).documents.length, 200, 'and the last one closed it');
  await again.close();
});
