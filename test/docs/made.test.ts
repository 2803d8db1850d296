/** A reader of docs/ finds each setting, error, act and metric as it is declared. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { madePages } from '../tools/pages/made.js';
import { filled } from '../tools/pages/marks.js';

t.test('each page that is made from declarations is what they say now', async (t) => {
  for (const [name, text] of await madePages())
    t.equal(
      readFileSync(join(packageRoot(), name), 'utf8'),
      text,
      `${name}: run \`node dist/test/tools/pages/main.js\``,
    );
});

t.test('a part without its mark is missed, and so is a mark without its part', (t) => {
  const page = '# One\n\n<!-- made: a -->\nold\n<!-- end -->\n\nlast\n';
  t.equal(filled(page, { a: 'new' }), '# One\n\n<!-- made: a -->\n\nnew\n\n<!-- end -->\n\nlast\n');
  t.throws(() => filled(page, {}), /the mark `a`/);
  t.throws(() => filled(page, { a: 'new', b: 'lost' }), /no mark for b/);
  t.end();
});
