/** No line of what is shipped is longer than 120 characters, but for a regular expression that stands alone on it. */
import t from 'tap';
import { sources } from './sources.js';

const LONGEST = 120;

t.test('lines have at most 120 characters', (t) => {
  const all = sources();
  t.ok(all.length > 700, `${String(all.length)} files`);
  const long = all.flatMap(({ file, text }) =>
    text
      .split('\n')
      .map((line, at) => ({ line, place: `${file}:${String(at + 1)}` }))
      .filter(({ line }) => line.length > LONGEST && !/^\s*\/[^/*].*\/[a-z]*[;,]?$/.test(line))
      .map(({ place }) => place),
  );
  t.same(long, []);
  t.end();
});
