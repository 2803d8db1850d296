import fc from 'fast-check';
import t from 'tap';
import { sampleReport } from './sample.js';
import { codeOf, vcWorld } from './vc-world.js';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

t.test('whichever letters of a presentation are changed, taken away, put in or moved, it is refused', async (t) => {
  for (const bound of [true, false]) {
    const here = await vcWorld(sampleReport({ domains: 8 }), { bound });
    const good = await here.present(['d8', 'd2', 'd5']);
    const verify = async (text: string): Promise<string> => codeOf(await here.verify(text, { unbound: 'accept' }));
    t.equal(await verify(good), 'ok');
    const at = fc.nat({ max: good.length - 1 });
    // the last letter of each part has bits that decoding would drop, so these are tried more often than chance would
    const ends = [...good.matchAll(/[.~]/g)]
      .map(({ index }) => index - 1)
      .filter((index) => index >= 0)
      .concat(good.length - 1);
    const tampered = fc.oneof(
      fc
        .tuple(fc.oneof(at, fc.constantFrom(...ends)), fc.constantFrom(...LETTERS, '.', '~', '=', '+', 'é'))
        .map(([i, letter]) => good.slice(0, i) + letter + good.slice(i + 1)),
      fc.tuple(at, fc.integer({ min: 1, max: 40 })).map(([i, n]) => good.slice(0, i) + good.slice(i + n)),
      fc
        .tuple(at, fc.string({ unit: fc.constantFrom(...LETTERS, '~', '.'), minLength: 1, maxLength: 8 }))
        .map(([i, more]) => good.slice(0, i) + more + good.slice(i)),
      fc.tuple(at, at, at).map(([a, b, c]) => {
        const [i, j, k] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
        return good.slice(0, i) + good.slice(j, k) + good.slice(i, j) + good.slice(k);
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        tampered.filter((text) => text !== good),
        async (text) => {
          const code = await verify(text);
          // without a holder nothing says how many disclosures there were, or in which order: fewer, of those that
          // remain, are as genuine
          const parts = text.split('~');
          const subset =
            !bound &&
            parts[0] === good.split('~')[0] &&
            text.endsWith('~') &&
            parts.slice(1, -1).every((part) => good.split('~').includes(part)) &&
            new Set(parts).size === parts.length;
          return subset || code !== 'ok';
        },
      ),
      { numRuns: 1000 },
    );
  }
});

t.test('whichever domains are chosen, exactly those are disclosed', async () => {
  const model = sampleReport({ subjects: 2, domains: 9 });
  const here = await vcWorld(model);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...model.domains.map(({ id }) => id)), { minLength: 1 }),
      async (domains) => {
        const outcome = await here.verify(await here.present(domains), { required: domains });
        if (!outcome.ok) return false;
        const names = outcome.report.sections.map(({ subject, domain }) => `${subject}:${domain.id}`).sort();
        return (
          names.join() ===
          [0, 1]
            .flatMap((subject) => domains.map((id) => `${subject}:${id}`))
            .sort()
            .join()
        );
      },
    ),
    { numRuns: 60 },
  );
});

t.test('whatever is given to a verifier, it answers with a refusal and does not fail', async () => {
  const here = await vcWorld(sampleReport({ domains: 8 }));
  const good = await here.present(['d8']);
  const [jwt = ''] = good.split('~');
  const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const part = fc.oneof(
    fc.json({ maxDepth: 4 }).map((json) => Buffer.from(json).toString('base64url')),
    fc.base64String().map((one) => one.replaceAll(/[+/=]/g, '')),
    fc.string({ maxLength: 20 }),
  );
  const header = fc.oneof(
    part,
    fc
      .constantFrom(
        { alg: 'ES256', typ: 'dc+sd-jwt', kid: here.key.kid },
        { alg: 'none', typ: 'dc+sd-jwt' },
        { alg: 'ES256', typ: 'dc+sd-jwt', x5c: ['AA=='] },
      )
      .map(text),
  );
  const payload = fc.oneof(
    part,
    fc.jsonValue().map((value) => text({ iss: here.options.trust.issuer, vct: value, _sd: value })),
  );
  const jws = fc
    .tuple(
      header,
      payload,
      fc.oneof(
        part,
        fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
      ),
    )
    .map((parts) => parts.join('.'));
  const anything = fc
    .tuple(
      fc.oneof(jws, fc.constant(jwt), part),
      fc.array(part, { maxLength: 4 }),
      fc.oneof(jws, part, fc.constant('')),
    )
    .map(([first, middle, last]) => [first, ...middle, last].join('~'));
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anything, fc.string({ unit: 'binary' })),
      async (given) => codeOf(await here.verify(given)) !== 'ok',
    ),
    { numRuns: 1000 },
  );
});
