/** The sandbox: every dataset can be asked there, by the real policies, and nothing of it leaves it. */
import t from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import { inForceOf } from '../../gateway/answer/inforce/snapshot.js';
import type { Plan } from '../../gateway/answer/question/plan.js';
import { Sandbox } from '../../gateway/answer/sandbox/sandbox.js';
import { sandboxView } from '../../gateway/answer/sandbox/view.js';
import { countedFigures } from '../../gateway/ground/counts/counts.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { commitmentOf } from '../../gateway/log/proof/journal.js';
import { parseVkey } from '../../gateway/log/proof/note.js';
import { answerSha256, promisedLeaf } from '../../gateway/log/proof/promised.js';
import { verifyProof } from '../../gateway/log/proof/proof.js';
import { loadPolicies } from '../../policies/load.js';

const workspace = await loadWorkspace(packageRoot());
const policies = await loadPolicies(workspace);
const inForce = inForceOf(policies, [], workspace);
const now = (): number => Date.now();
const sandbox = (): Sandbox =>
  new Sandbox({ workspace, inForce: () => inForce, origin: 'log.test', maxRecords: 1000, now });
const dry = (_plan: Plan, head: string): Buffer => Buffer.from(`${head}"datasets":[]}`);
const client = (id: string) => {
  const found = [...policies.clients.values()].find((one) => one.id === id);
  if (found === undefined) throw new Error(id);
  return found;
};

t.test('of every dataset records are invented that its contract takes, of invented subjects only', (t) => {
  const { reading, subjects } = sandboxView(workspace, now);
  let seen = 0;
  for (const { id } of workspace.contracts.values())
    for (const { subject } of subjects)
      reading.read(subject, [id], { kind: 'now' }, () => {
        seen++;
      });
  t.ok(seen > workspace.contracts.size * 3, `${String(seen)} records`);
  reading.read(
    'uscc:91990102MA00001692' as (typeof subjects)[number]['subject'],
    [...workspace.contracts.keys()],
    { kind: 'now' },
    () => {
      t.fail('a subject of the city has a record');
    },
  );
  t.end();
});

t.test('each grant for queries is answered in the sandbox with the fields that it gives, and no other', (t) => {
  const box = sandbox();
  let answered = 0;
  for (const grant of policies.grants.values()) {
    const contract = workspace.contracts.get(grant.dataset);
    const asker = policies.clients.get(grant.client);
    const subject = box.subjects.find(({ scheme }) => scheme === contract?.subject.scheme)?.subject;
    if (contract === undefined || asker === undefined || subject === undefined || !grant.delivery.includes('query'))
      continue;
    const { body, plan, allowed } = box.ask(
      asker,
      {
        purpose: grant.purposes[0] ?? '',
        subject,
        case: { item: 'I1', caseId: 'C1', actor: 'A1' },
        datasets: [{ id: grant.dataset }],
      },
      'r-1',
      dry,
    );
    const [dataset] = (JSON.parse(body.toString('utf8')) as { datasets: { records: { record: object }[] }[] }).datasets;
    const granted = new Set(plan.datasets[0]?.decision.fields.map(({ path }) => path.split(/[.[]/)[0] ?? ''));
    for (const { record } of dataset?.records ?? []) {
      answered++;
      t.same(
        Object.keys(record).filter((name) => !granted.has(name)),
        [],
        grant.id,
      );
    }
    t.equal(allowed, plan.read.length > 0);
  }
  t.ok(answered > 50, `${String(answered)} grants gave a record`);
  t.end();
});

t.test('each entry is proved in the log of the sandbox, the promise is of its answer, and nothing is counted', (t) => {
  const before = JSON.stringify(countedFigures());
  const box = sandbox();
  const [subject] = box.subjects.filter(({ scheme }) => scheme === 'uscc');
  for (let i = 0; i < 20; i++) {
    const question = {
      purpose: 'open-restaurant',
      subject: subject?.subject ?? '',
      datasets: [{ id: i % 3 === 2 ? 'tax.tax-arrears' : 'samr.company-register' }],
      ...(i % 4 === 3 ? { dryRun: true } : {}),
    };
    const { body, entry, allowed } = box.ask(client('one-stop-counter'), question, `r-${String(i)}`, dry);
    const key = parseVkey(entry.vkey);
    t.equal(entry.index, i);
    const proved = verifyProof(entry.proof, commitmentOf(entry.salt, Buffer.from(entry.body)), box.origin, [key]);
    t.equal(proved.size, i + 1);
    t.throws(() =>
      verifyProof(entry.proof, commitmentOf(entry.salt, Buffer.from(`${entry.body} `)), box.origin, [key]),
    );
    const { receipt } = JSON.parse(body.toString('utf8')) as { receipt: Parameters<typeof promisedLeaf>[0] };
    t.ok(promisedLeaf(receipt, [key], answerSha256(body)));
    t.throws(() => promisedLeaf(receipt, [key], answerSha256(Buffer.from('{}'))));
    t.equal(allowed, i % 3 !== 2);
    t.notOk(entry.body.includes(subject?.subject.slice(5) ?? ''), 'no subject in clear');
  }
  t.equal(JSON.stringify(countedFigures()), before);
  t.end();
});

t.test('a subject that is not invented is told as such, whether it is on record or not', (t) => {
  const box = sandbox();
  for (const subject of ['uscc:91990102MA00001692', 'uscc:91990101MA0000010A'])
    try {
      box.ask(
        client('one-stop-counter'),
        { purpose: 'open-restaurant', subject, datasets: [{ id: 'samr.company-register' }] },
        'r',
        dry,
      );
      t.fail('it was answered');
    } catch (error) {
      t.match(error, subject.endsWith('1692') ? { code: 'not_in_sandbox' } : { code: /not_in_sandbox|bad_subject/ });
    }
  t.end();
});
