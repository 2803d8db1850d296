import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ATTRIBUTES } from '../../../contracts/tracing.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';

t.test('who has to say what leaves in spans finds each attribute in docs/tracing.md, and no other', (t) => {
  const page = readFileSync(join(packageRoot(), 'docs/tracing.md'), 'utf8');
  const table = Object.entries(ATTRIBUTES).map(([name, { meaning }]) => `| \`${name}\` | ${meaning} |`);
  const [, shown = ''] = /<!-- attributes -->\n([^]*)<!-- \/attributes -->/.exec(page) ?? [];
  t.strictSame(shown.trim().split('\n').slice(2), table);
  t.end();
});
