/** A worker that counts ten guesses, says so, and stays until it is killed. */
import { openGuesses } from '../../../gateway/http/api/verify/guesses.js';

const guesses = openGuesses(process.argv[2] ?? '', 10);
const all = Array.from({ length: 10 }, (_, n) => ({
  client: 'a',
  subject: 's',
  dataset: 'd',
  field: 'f',
  value: String(n),
}));
await guesses.admit(
  [{ client: 'a', subject: 'subject-in-the-clear', dataset: 'd', field: 'f', value: 'x' }, ...all],
  0,
);
process.stdout.write('counted\n');
setInterval(() => undefined, 1000);
