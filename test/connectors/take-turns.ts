/** Takes a number of turns and notes where each begins and ends; `hold`: takes one and keeps it until it is killed. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { State, takeTurn } from '../../connectors/publish/index.js';

const [dir = '', name = '', what = ''] = process.argv.slice(2);
const state = State.open(dir);
const note = (text: string): void => appendFileSync(join(dir, 'turns'), `${text}\n`);
if (what === 'hold') {
  // nothing else keeps this process alive
  setInterval(() => undefined, 60_000);
  await takeTurn(state, 'a.b', {}, () => new Promise(() => process.send?.('held')));
} else {
  for (let i = 0; i < Number(what); i++) {
    await takeTurn(state, 'a.b', {}, async () => {
      note(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      note(`${name} out`);
    });
  }
  await state.close();
  process.disconnect?.();
}
