/**
 * Key schemes that a workspace declares: as good as those that are built in, and refused where they are not what they
 * say.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { declaredScheme } from '../../contracts/schemes/load.js';
import { loadKeySchemes } from '../../contracts/subjects.js';
import type { KeyScheme } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { cli } from '../e2e/city.js';
import { run } from '../e2e/command.js';

const builtIn = await loadKeySchemes();
const name = { zh: '号', en: 'number' };
const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const luhn = (length: number) => ({
  weights: Array.from({ length }, (_, i) => ((length - i) % 2 === 0 ? 2 : 1)),
  sum: 'digits',
  modulus: 10,
  remainder: 0,
});
const slipped = (id: string): string => {
  const key = builtIn.get(id)?.make(1) ?? '';
  return key.slice(0, -1) + String((Number(key.slice(-1)) + 1) % 10);
};
const vectors = (id: string) => ({
  valid: [1, 2, 3].map((n) => builtIn.get(id)?.make(n)),
  invalid: [{ input: id === 'uscc' ? '91350100M000100Y44' : slipped(id), code: 'bad_check_digit' }],
});

/** The schemes that are built in, as anybody could declare them. */
const declarations: Readonly<Record<string, object>> = {
  uscc: {
    name,
    standard: 'GB 32100-2015',
    kind: 'checked',
    length: 18,
    alphabet: '0123456789ABCDEFGHJKLMNPQRTUWXY',
    pattern: '??999999??????????',
    normalise: { case: 'upper', remove: ' -' },
    checks: [
      {
        weights: [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28],
        modulus: 31,
        at: 18,
        complement: true,
      },
    ],
    vectors: vectors('uscc'),
  },
  cnpj: {
    name,
    standard: 'IN RFB 2.119/2022',
    kind: 'checked',
    length: 14,
    alphabet: DIGITS + LETTERS,
    pattern: '????????????99',
    normalise: { case: 'upper', remove: ' ./-' },
    repeated: false,
    checks: [
      {
        weights: [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2],
        values: 'code',
        modulus: 11,
        at: 13,
        complement: true,
        characters: '01234567890',
      },
      {
        weights: [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2],
        values: 'code',
        modulus: 11,
        at: 14,
        complement: true,
        characters: '01234567890',
      },
    ],
    vectors: vectors('cnpj'),
  },
  siren: {
    name,
    standard: 'R123-221',
    kind: 'checked',
    length: 9,
    alphabet: DIGITS,
    normalise: { remove: ' ' },
    never: ['000000000'],
    checks: [luhn(9)],
    vectors: vectors('siren'),
  },
  siret: {
    name,
    standard: 'R123-221',
    kind: 'checked',
    length: 14,
    alphabet: DIGITS,
    normalise: { remove: ' ' },
    always: ['35600000000048'],
    checks: [
      { unless: ['356000000'], ...luhn(14) },
      { only: ['356000000'], weights: Array.from({ length: 14 }, () => 1), modulus: 5, remainder: 0 },
      luhn(9),
    ],
    vectors: vectors('siret'),
  },
};
const declared = (id: string, change: object = {}): KeyScheme =>
  declaredScheme(`own-${id}`, { ...declarations[id], ...change }, 'own.json');

t.test('a declared scheme is the one that is built in, over keys, slips of the finger and anything else', (t) => {
  for (const id of Object.keys(declarations)) {
    const [own, given] = [declared(id), builtIn.get(id)];
    if (given === undefined) throw new Error(id);
    const same = (input: string): void => {
      const [a, b] = [own.parse(input), given.parse(input)];
      // what is said differs, what is decided does not
      const strange = /[^0-9A-Z\s./-]|[IOZSV]/i.test(input) || /[./-]$/.test(input);
      // where the last character is none of the alphabet, the one built in speaks of the check digit
      const told = (one: typeof a): string => (one.ok ? `${one.key} ${one.changed}` : strange ? 'refused' : one.code);
      // a register's number of zeros only is a rule of its own there
      if (told(a) !== told(b) && !(id === 'siret' && /^\s*(?:0\s*){9}/.test(input)))
        throw new Error(`${id} ${JSON.stringify(input)}: ${told(a)} declared, ${told(b)} built in`);
    };
    fc.assert(
      fc.property(fc.nat(50_000_000), (n) => same(given.make(n))),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.nat(50_000_000), (n) => same(own.make(n))),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(
        fc.nat(50_000_000),
        fc.nat(17),
        fc.constantFrom(...DIGITS, ...LETTERS, 'x', ' ', '-', '.', '/', ''),
        (n, at, sign) => {
          const key = given.make(n);
          same(key.slice(0, at) + sign + key.slice(at + 1));
          same(key.slice(0, at) + sign + key.slice(at));
        },
      ),
      { numRuns: 3000 },
    );
    const length = given.make(1).length;
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...DIGITS), minLength: length, maxLength: length }), same),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...(DIGITS + LETTERS)), minLength: length, maxLength: length }),
        same,
      ),
      { numRuns: 3000 },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), same), { numRuns: 2000 });
    const made = new Set(Array.from({ length: 5000 }, (_, n) => own.make(n)));
    t.equal(made.size, 5000, `${id}: different keys are made`);
    t.notOk(own.unchecked, 'a key is known by its value');
  }
  t.end();
});

t.test('the examples of the page: a number with a logical multiplication, a permit, a free identifier', (t) => {
  const page = readFileSync(join(packageRoot(), 'docs/mapping.md'), 'utf8');
  const examples = [...page.matchAll(/`contracts\/subjects\/([a-z-]+)\.json`:\n\n```json\n([^`]+)```/g)].map(
    ([, id = '', text = '']): [string, KeyScheme] => [id, declaredScheme(id, JSON.parse(text), id)],
  );
  const schemes = new Map(examples);
  t.strictSame([...schemes.keys()], ['unified-number', 'hawker-permit', 'stall']);
  const verdict = (id: string, input: string): string | undefined => {
    const parsed = schemes.get(id)?.parse(input);
    return parsed?.ok === true ? parsed.key : parsed?.code;
  };
  // by hand: 1, 0, 4, 5·2 = 10, 8, 5·2 = 10, 7·4 = 28, 5: digits 1+0+4+1+8+1+10+5 = 30
  for (const [input, told] of [
    ['10458575', '10458575'],
    ['10458574', '10458574'],
    ['10458573', 'bad_check_digit'],
    ['04595257', '04595257'],
    ['04595256', 'bad_check_digit'],
    ['04595252', '04595252'],
    ['０４５９ ５２５７', '04595257'],
    ['4595257', 'bad_value'],
    ['00000000', 'bad_value'],
  ] as const)
    t.equal(verdict('unified-number', input), told, input);
  t.equal(verdict('hawker-permit', 'hk-2024-00017'), 'HK-2024-00017');
  t.equal(verdict('hawker-permit', 'HK-24-00017'), 'bad_value');
  t.equal(verdict('stall', '  攤位　Ａ 12  '), '攤位 A 12');
  t.equal(schemes.get('hawker-permit')?.unchecked, true);
  t.end();
});

t.test('a declaration that is not what it says is refused, with what is wrong', (t) => {
  const refused = (change: object, message: RegExp, id = 'siren'): void =>
    void t.throws(() => declared(id, change), { code: 'bad_workspace', message });
  refused({ vectors: undefined }, /vectors/);
  refused({ vectors: { valid: [], invalid: [{ input: '1', code: 'bad_value' }] } }, /vectors.valid/);
  refused({ vectors: { valid: ['732829320'], invalid: [] } }, /vectors.invalid/);
  refused(
    { vectors: { valid: ['732829321'], invalid: [{ input: '732829322', code: 'bad_check_digit' }] } },
    /valid vector 1 is refused/,
  );
  refused(
    { vectors: { valid: ['732829320'], invalid: [{ input: '732829320', code: 'bad_check_digit' }] } },
    /invalid vector 1 is accepted/,
  );
  refused(
    { vectors: { valid: ['732829320'], invalid: [{ input: '1', code: 'bad_check_digit' }] } },
    /refused as `bad_value`/,
  );
  refused(
    { vectors: { valid: ['732829320'], invalid: [{ input: '1', code: 'bad_value' }] } },
    /shows in an invalid vector/,
  );
  refused(
    { vectors: { valid: [{ input: '732 829 320', key: '732829321' }], invalid: [{ input: '1', code: 'bad_value' }] } },
    /becomes another key/,
  );
  refused({ kind: 'pattern' }, /no checks/);
  refused({ kind: 'none' }, /neither alphabet/);
  refused({ checks: undefined }, /has `checks`/);
  refused({ length: { min: 8, max: 9 } }, /one length/);
  refused({ length: 65 }, /length/);
  refused({ alphabet: '00123456789' }, /twice/);
  refused({ alphabet: '0123456789|' }, /no white space, bar/);
  refused({ pattern: '99' }, /another number of places/);
  refused({ checks: [{ weights: [1, 2], modulus: 10 }] }, /either `remainder` or `at`/);
  refused({ checks: [{ weights: Array.from({ length: 10 }, () => 1), modulus: 10, remainder: 0 }] }, /more places/);
  refused({ checks: [{ weights: [1], modulus: 11, at: 9 }] }, /as many `characters`/);
  refused({ checks: [{ weights: [1], modulus: 10, at: 1 }] }, /not weighed/);
  refused({ persons: true, classification: 'public' }, /`personal` or `sensitive`/);
  refused({ wings: 2 }, /unknown key `wings`/);
  refused({ checks: [{ weights: [0, 0, 0, 0, 0, 0, 0, 0, 0], modulus: 10, remainder: 3 }] }, /is refused|can be made/);
  t.end();
});

t.test('no input makes a declared scheme throw, think long, or lose its normal form', (t) => {
  const none = declaredScheme(
    'free',
    {
      name,
      standard: 'own',
      kind: 'none',
      length: { min: 1, max: 64 },
      vectors: { valid: ['a'], invalid: [{ input: '', code: 'bad_value' }] },
    },
    'free.json',
  );
  for (const scheme of [none, declared('uscc'), declared('siren')]) {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 80 }),
          fc.string({ unit: fc.constantFrom(...' \t|０Ａaé\u0301ŉßİ\u200b\ud800'), maxLength: 70 }),
        ),
        (input) => {
          const parsed = scheme.parse(input);
          if (!parsed.ok) return;
          const again = scheme.parse(parsed.key);
          if (!again.ok || again.changed || again.key !== parsed.key)
            throw new Error(
              `${JSON.stringify(input)} becomes ${JSON.stringify(parsed.key)}, which is not in normal form`,
            );
          if (Buffer.byteLength(`${'x'.repeat(40)}:${parsed.key}`) > 255 || /[|\p{Cc}\p{Cf}]/u.test(parsed.key))
            throw new Error('no key of a topic');
        },
      ),
      { numRuns: 3000 },
    );
    t.notOk(scheme.parse('1'.repeat(5_000_000)).ok);
    t.notOk(scheme.parse(' '.repeat(250)).ok);
  }
  t.equal(none.mask('ab12'), '****', 'a short key is hidden whole');
  t.end();
});

t.test(
  'a workspace has the schemes that it and its base declare, and none in place of one that is built in',
  async (t) => {
    const dir = t.testdir();
    const [base, city] = [join(dir, 'base'), join(dir, 'city')];
    execFileSync(process.execPath, [cli, 'init', base]);
    execFileSync(process.execPath, [cli, 'init', city, '--extends', base]);
    const put = (where: string, id: string, content: object): void => {
      mkdirSync(join(where, 'contracts/subjects'), { recursive: true });
      writeFileSync(join(where, `contracts/subjects/${id}.json`), JSON.stringify(content));
    };
    put(base, 'own-siren', { ...declarations['siren'] });
    put(base, 'own-cnpj', { ...declarations['cnpj'] });
    put(city, 'own-cnpj', { ...declarations['cnpj'], name: { zh: '近', en: 'nearer' } });
    const { schemes } = await loadWorkspace(city);
    t.strictSame([...schemes.keys()], ['cn-id', 'cnpj', 'siren', 'siret', 'uscc', 'own-cnpj', 'own-siren']);
    t.equal(schemes.get('own-cnpj')?.name.en, 'nearer');
    t.equal((await run('contracts', 'check', '--workspace', city)).code, 0);
    put(city, 'uscc', { ...declarations['uscc'] });
    await t.rejects(loadWorkspace(city), {
      code: 'bad_workspace',
      message: /built in/,
      extra: { place: { file: join(city, 'contracts/subjects/uscc.json') } },
    });
    writeFileSync(join(city, 'contracts/subjects/uscc.json'), '');
    execFileSync('rm', [join(city, 'contracts/subjects/uscc.json')]);
    put(city, 'own-cnpj', {
      ...declarations['cnpj'],
      vectors: { valid: ['11222333000182'], invalid: [{ input: '1', code: 'bad_value' }] },
    });
    const { code, stderr } = await run('contracts', 'check', '--workspace', city);
    t.strictSame(
      [code, /valid vector 1 is refused/.test(stderr), /own-cnpj\.json/.test(stderr)],
      [2, true, true],
      stderr,
    );
  },
);
