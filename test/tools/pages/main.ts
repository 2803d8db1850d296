/**
 * Writes all that is made from declarations:
 *   node dist/test/tools/pages/main.js      after `npm run build`; `docs/made.test.ts` holds them equal
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { madePages } from './made.js';

for (const [name, text] of await madePages()) {
  const file = join(packageRoot(), name);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  writeFileSync(file, text);
  console.log(name);
}
