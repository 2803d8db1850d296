/**
 * A bank that has nothing of ours: the reference implementation of SD-JWT in Python, with what is published, by the
 * text of docs/credentials.md.
 */
import t from 'tap';
import { issuerMetadata, issuerMetadataPath } from '../../../gateway/documents/credentials/keys.js';
import { foreignVerifier } from './foreign.js';
import { sampleReport } from './sample.js';
import { BANK, decoded, forge, ISSUER, NONCE, newKey, vcWorld } from './vc-world.js';

t.test('another implementation verifies 2 of 41 domains and learns nothing of the others', async (t) => {
  const verify = foreignVerifier(t, ISSUER);
  if (verify === undefined) return;
  const model = sampleReport();
  const here = await vcWorld(model);
  const shown = await here.present(['d6', 'd9']);
  const run = async (presentation: string, changed: Readonly<Record<string, unknown>> = {}) => {
    const published = {
      [`${ISSUER}${issuerMetadataPath(ISSUER)}`]: JSON.stringify(issuerMetadata(ISSUER, [here.key])),
      [`${ISSUER}/status/0`]: await here.publish(`${ISSUER}/status/0`),
    };
    return verify({
      presentation,
      nonce: NONCE,
      audience: BANK,
      domains: ['d6', 'd9'],
      published,
      now: here.clock.now / 1000,
      ...changed,
    });
  };

  const { status, stdout, stderr } = await run(shown);
  t.equal(status, 0, stderr);
  const claims = JSON.parse(stdout) as {
    readonly sections: Readonly<
      Record<string, { readonly state: string; readonly records: unknown; readonly domain: object }>
    >;
  } & Readonly<Record<string, unknown>>;
  t.same(Object.keys(claims.sections).sort(), ['0:d6', '0:d9']);
  t.same(claims.sections['0:d6']?.records, model.sections[5]?.records);
  t.same(claims.sections['0:d6']?.domain, model.domains[5]);
  t.equal(claims.sections['0:d9']?.state, 'none');
  t.same(
    [claims['subjects'], claims['title'], claims['cut'], claims['range']],
    [model.subjects, model.title, model.cut, model.range],
  );

  // all that it could have learnt: its own output, and every part of what it was given, decoded
  const learnt = [
    stdout,
    shown,
    ...shown.split(/[~.]/).map((part) => Buffer.from(part, 'base64url').toString('utf8')),
  ].join('\n');
  const kept = model.domains.filter((_, n) => n !== 5 && n !== 8);
  t.equal(kept.length, 39);
  t.same(
    kept
      .flatMap(({ id, title }) => [title.zh, `"${title.en}"`, `"${id}"`, `:${id}"`])
      .filter((text) => learnt.includes(text)),
    [],
  );
  const own = JSON.stringify([model.sections[5], model.sections[8]]);
  const texts = model.sections
    .filter(({ domain }) => domain !== 5 && domain !== 8)
    .flatMap(({ records, salt, digest }) => [
      salt,
      digest,
      ...records.flatMap(({ version, facts }) => [`"${version}"`, ...facts.map(({ value }) => JSON.stringify(value))]),
    ]);
  t.ok(texts.length > 100);
  t.same(
    texts.filter((text) => !own.includes(text) && learnt.includes(text)),
    [],
  );

  t.match(await run(shown, { nonce: 'another nonce of the bank' }), { status: 1, stderr: /nonce/ });
  t.match(await run(shown, { audience: 'https://other.example' }), { status: 1, stderr: /audience/ });
  t.match(await run(shown, { domains: ['d6', 'd3'] }), { status: 1, stderr: /a domain is missing/ });
  t.match(await run(shown, { now: here.clock.now / 1000 + 301 }), { status: 1, stderr: /too long ago/ });
  const cut = shown.lastIndexOf('~');
  t.match(await run(shown.slice(0, cut + 1)), { status: 1, stderr: /no proof/ });
  const more = (await here.present(['d3'])).split('~')[1] ?? '';
  t.match(
    await run(`${shown.slice(0, cut)}~${more}${shown.slice(cut)}`),
    { status: 1, stderr: /digest/ },
    'one more than the holder signed',
  );
  const [jwt = '', ...rest] = shown.split('~');
  t.match(await run([await forge(decoded(jwt, 0), decoded(jwt), newKey()), ...rest].join('~')), {
    status: 1,
    stderr: /InvalidJWSSignature/,
  });
  await here.statuses.revoke(here.vc.status);
  t.match(await run(shown), { status: 1, stderr: /revoked/ });
});
