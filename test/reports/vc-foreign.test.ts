/** A bank that has nothing of ours: the reference implementation of SD-JWT in Python, with the issuer's published keys. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../gateway/cli/places.js';
import { issuerMetadata } from '../../gateway/reports/vc/keys.js';
import { pythonForTest } from '../python.js';
import { sampleReport } from './sample.js';
import { BANK, ISSUER, NONCE, vcWorld } from './vc-world.js';

t.test('another implementation verifies 2 of 41 domains and learns nothing of the others', async (t) => {
  const python = pythonForTest(t, 'sd_jwt', 'sd-jwt');
  if (python === undefined) return;
  const model = sampleReport();
  const here = await vcWorld(model);
  const shown = await here.present(['d6', 'd9']);
  const run = (text: string, nonce = NONCE, audience = BANK) =>
    spawnSync(python, [join(packageRoot(), 'test/reports/vc_verify.py'), JSON.stringify({ keys: issuerMetadata(ISSUER, [here.key]).jwks.keys, issuer: ISSUER, audience, nonce })], { input: text, encoding: 'utf8', timeout: 60_000 });

  const { status, stdout, stderr } = run(shown);
  t.equal(status, 0, stderr);
  const payload = JSON.parse(stdout) as { readonly sections: Readonly<Record<string, { readonly state: string; readonly records: unknown; readonly domain: object }>> } & Readonly<Record<string, unknown>>;
  t.same(Object.keys(payload.sections).sort(), ['0:d6', '0:d9']);
  t.same(payload.sections['0:d6']?.records, model.sections[5]?.records);
  t.same(payload.sections['0:d6']?.domain, model.domains[5]);
  t.equal(payload.sections['0:d9']?.state, 'none');
  t.same([payload['subjects'], payload['title'], payload['cut'], payload['range']], [model.subjects, model.title, model.cut, model.range]);

  // all that it could have learnt: its own output, and every part of what it was given, decoded
  const learnt = [stdout, shown, ...shown.split(/[~.]/).map((part) => Buffer.from(part, 'base64url').toString('utf8'))].join('\n');
  const kept = model.domains.filter((_, n) => n !== 5 && n !== 8);
  t.equal(kept.length, 39);
  for (const { id, title } of kept) {
    for (const text of [title.zh, `"${title.en}"`, `"${id}"`, `:${id}"`]) t.notOk(learnt.includes(text), text);
  }
  const own = JSON.stringify([model.sections[5], model.sections[8]]);
  const texts = model.sections.filter(({ domain }) => domain !== 5 && domain !== 8).flatMap(({ records, salt, digest }) => [salt, digest, ...records.flatMap(({ version, facts }) => [`"${version}"`, ...facts.map(({ value }) => JSON.stringify(value))])]);
  t.ok(texts.length > 100);
  t.same(texts.filter((text) => !own.includes(text) && learnt.includes(text)), []);

  t.match(run(shown, 'another nonce of the bank'), { status: 1, stderr: /nonce/ });
  t.match(run(shown, NONCE, 'https://other.example'), { status: 1, stderr: /audience/ });
  const cut = shown.lastIndexOf('~');
  const more = (await here.present(['d3'])).split('~')[1] ?? '';
  t.match(run(`${shown.slice(0, cut)}~${more}${shown.slice(cut)}`), { status: 1, stderr: /digest/ }, 'one more than the holder signed');
});
