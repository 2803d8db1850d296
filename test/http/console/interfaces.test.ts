/**
 * The API for people, without a city: that its pages are the description itself, that nothing of it lacks its Chinese
 * name, that its samples are programs, and that it is found by any word.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { errorTable } from '../../../contracts/errors.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { Member } from '../../../gateway/http/console/interfaces/members.js';
import { operationsOf, searched } from '../../../gateway/http/console/interfaces/operations.js';
import { memberWords } from '../../../gateway/http/console/interfaces/words/members.js';
import { operationWords } from '../../../gateway/http/console/interfaces/words/operations.js';
import { EVERYWHERE } from '../../../gateway/http/plugins/openapi/errors.js';
import { GROUPS } from '../../../gateway/http/plugins/openapi/groups.js';
import type { Described } from '../../../gateway/http/plugins/openapi/operation.js';
import { askedIn } from '../../../gateway/http/ui/asking.js';
import { project } from '../../client/outside.js';
import { missingHere } from '../../support/missing.js';
import { faces } from '../api/faces.js';

t.setTimeout(300_000);

const PATH = '/console/developer/interfaces';
const developer = { roles: ['developer'], authority: 'data-bureau' } as const;

const gateway = await faces(t);
const described = gateway.api.describe() as Described;
const operations = operationsOf(described);
const membersIn = (members: readonly Member[]): readonly Member[] =>
  members.flatMap((member) => [member, ...membersIn(member.members)]);

t.test('every operation stands there, in a named group, with its Chinese words and those of its members', (t) => {
  const ids = Object.values(described.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId = '' }) => operationId),
  );
  t.strictSame(operations.map(({ id }) => id).sort(), [...ids].sort());
  t.ok(ids.length > 80, `${String(ids.length)} operations`);
  t.strictSame([...new Set(operations.map(({ group }) => group))], Object.keys(GROUPS), 'in the order of the groups');
  const missing = new Set<string>();
  for (const { id, parameters, body, answers, title, about } of operations) {
    if (operationWords(id) === undefined) missing.add(`operation ${id}`);
    for (const text of [title.en, about.en]) if (text === '') missing.add(`words of ${id}`);
    const all = [...parameters, ...membersIn([...(body?.members ?? []), ...answers.flatMap(({ members }) => members)])];
    for (const { name } of all) if (memberWords(id, name) === undefined) missing.add(name);
  }
  t.strictSame([...missing].sort(), []);
  t.end();
});

t.test('what an operation takes, answers and refuses with is told as it is', (t) => {
  const query = operations.find(({ id }) => id === 'query');
  t.match(query, { method: 'POST', path: '/v1/query', group: 'query' });
  const member = (name: string): Member | undefined => query?.body?.members.find((one) => one.name === name);
  t.match(member('purpose'), { required: true, kind: { zh: '文本' }, limits: [{ en: 'at most 200 characters' }] });
  t.match(member('case'), { required: false, members: [{ name: 'item' }, { name: 'caseId' }, { name: 'actor' }] });
  t.match(member('datasets'), { kind: { zh: '列表（对象）' }, limits: [{ zh: '至多 32 项' }] });
  const status = membersIn(query?.answers[0]?.members ?? []).find(({ name }) => name === 'status');
  t.ok(status?.values.includes('never-loaded'), 'what it can be');
  t.ok(query?.errors.some(({ code }) => code === 'purpose_required'));
  t.notOk(
    query?.errors.some(({ code }) => EVERYWHERE.includes(code)),
    'what all have is told once',
  );
  t.same(query?.everywhere.map(({ code }) => code).sort(), [...EVERYWHERE].sort());
  for (const { code, status: told } of query?.errors ?? []) t.equal(told, errorTable[code].status);
  const upload = operations.find(({ id }) => id === 'putCaseMaterial');
  t.ok(upload?.body?.types.includes('application/pdf'), 'a body that is a file');
  t.end();
});

t.test('any word finds it: what it is called, its path, a member, an error, in both languages', (t) => {
  const found = (q: string): readonly string[] => searched(operations, q).map(({ id }) => id);
  t.equal(found('按用途跨部门查询')[0], 'query');
  t.same([...found('not_in_sandbox')].sort(), ['sandboxQuery', 'sandboxSubjects']);
  t.ok(found('沙箱中只有虚构主体').includes('sandboxQuery'));
  t.ok(found('/v1/receipts')[0] === 'receipt');
  t.ok(found('回执').includes('receipt'));
  t.ok(found('contractVersion').includes('query'));
  t.same(found('no such word anywhere'), []);
  const both = found('查询 批');
  t.ok(both.includes('batch') && !both.includes('receipt'), 'all of its words');
  t.end();
});

t.test('the pages are for who works for a department; a look is on record first', async (t) => {
  const page = async (path: string, as: Parameters<typeof gateway.visit>[1], language = 'zh') => {
    const join = path.includes('?') ? '&' : '?';
    return gateway.visit({ path: `${path}${join}lang=${language}`, headers: { accept: 'text/html' } }, as);
  };
  const list = await page(PATH, developer);
  t.equal(list.status, 200);
  t.equal(list.text.match(/data-operation=/g)?.length, operations.length);
  t.match(list.text, /快速入门/);
  t.match(gateway.entries.at(-1)?.body, { action: 'developer', role: 'developer', detail: { page: 'interfaces' } });
  const one = await page(`${PATH}/query`, developer, 'en');
  t.match(one.text, /Ask about a subject across departments[^]*data-code="java"[^]*purpose_required/);
  t.match(gateway.entries.at(-1)?.body, { detail: { page: 'interfaces', operation: 'query' } });
  t.match(one.text, /credentialFiles\(&#39;pki&#39;|credentialFiles\('pki'/);
  const officer = await page(PATH, { roles: ['data-officer'], authority: 'samr' });
  t.equal(officer.status, 200);
  t.notMatch(officer.text, /快速入门/, 'who cannot ask there is not sent there');
  t.equal((await page(PATH, { roles: ['subject'], subjects: ['uscc:91990102MA00001692'] })).status, 403);
  t.equal((await page(`${PATH}/nothing`, developer)).status, 404);
  t.match((await page(`${PATH}?q=${encodeURIComponent('没有这样的词')}`, developer)).text, /没有符合的接口/);
  for (const { id } of operations) t.equal((await page(`${PATH}/${id}`, developer)).status, 200, id);
  gateway.healthy = false;
  t.equal((await page(PATH, developer)).status, 503, 'nothing is shown that is not on record');
  gateway.healthy = true;
});

const samples = (id: 'curl' | 'typescript' | 'python' | 'java'): readonly (readonly [string, string])[] =>
  operations.map((one) => [
    one.id,
    askedIn(one.request, 'one-stop-counter').find((shown) => shown.id === id)?.code ?? '',
  ]);

t.test('each sample in TypeScript compiles against the client as others install it', async (t) => {
  const { dir, compile } = project(t.testdir());
  for (const [id, code] of samples('typescript')) writeFileSync(join(dir, `${id}.ts`), `${code}\nexport {};\n`);
  t.equal(await compile(), '');
});

t.test('each sample for a shell and in Python is one', (t) => {
  for (const [id, code] of samples('curl')) {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: code, encoding: 'utf8' });
    t.equal(status, 0, `${id}: ${stderr}`);
  }
  if (spawnSync('python3', ['--version']).status !== 0) return void missingHere(t, 'Python 3: not here');
  const check = 'import ast, json, sys\nfor one in json.load(sys.stdin): ast.parse(one[1], one[0])';
  const { status, stderr } = spawnSync('python3', ['-c', check], {
    input: JSON.stringify(samples('python')),
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
  t.end();
});

t.test('each sample in Java compiles beside our example', (t) => {
  if (spawnSync('javac', ['-version']).status !== 0) return void missingHere(t, 'JDK with its compiler: not here');
  const dir = t.testdir();
  mkdirSync(join(dir, 'out'));
  copyFileSync(join(packageRoot(), 'docs', 'examples', 'java', 'Query.java'), join(dir, 'Query.java'));
  const files = samples('java').map(([id, code]) => {
    // each is a program of its own, here they are compiled at once
    const file = join(dir, `Ask_${id}.java`);
    writeFileSync(file, code.replace('class Ask {', `class Ask_${id} {`));
    return file;
  });
  t.doesNotThrow(() =>
    execFileSync('javac', ['-encoding', 'UTF-8', '-d', join(dir, 'out'), join(dir, 'Query.java'), ...files], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  t.end();
});
