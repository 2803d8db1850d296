/**
 * Promises, receipts and checkpoints before a verifier that was written from docs/log.md alone, in another language:
 * `stranger/verify.py`.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { present } from '../../contracts/present.js';
import { withReceipt } from '../../gateway/answer/question/receipt.js';
import { verifyAnswer, verifyReceipt } from '../../gateway/client/receipts.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import type { ReceiptAnswer } from '../../gateway/http/api/receipts/client.js';
import { groupText } from '../../gateway/log/proof/journal.js';
import { leafHash } from '../../gateway/log/proof/merkle.js';
import { parseVkey, signatureText } from '../../gateway/log/proof/note.js';
import { type Promised, promisedLeaf } from '../../gateway/log/proof/promised.js';
import { receiptFor } from '../../gateway/log/store/receipts.js';
import { pythonForTest } from '../support/python.js';
import { fill, journalOf, sequencerOf, signersOf } from './filled.js';
import { runWitness } from './witnesses.js';

interface Case {
  readonly answer: Buffer;
  readonly logged?: object;
}
interface Found {
  readonly ok: boolean;
  readonly fault?: string;
  readonly index?: number;
  readonly size?: number;
  readonly witnesses?: readonly string[];
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64url');

/** A log with entries of answers, cosigned by two witnesses; what their clients hold. */
async function answered(t: Test): Promise<{
  readonly vkeys: readonly string[];
  readonly replica: string;
  readonly witnesses: readonly string[];
  readonly data: string;
  readonly cases: readonly Required<Case>[];
}> {
  const data = t.testdir();
  await fill(data, 300);
  const journal = await journalOf(data, 'w2');
  // at once, so that some share a group and have a path
  const answers = await Promise.all(
    Array.from({ length: 7 }, async (_, n) => {
      const body = Buffer.from(
        `{"requestId":"r${String(n)}","datasets":[{"id":"samr.company","records":[{"record":{"name":"望江渡${String(n)},\\"receipt\\":x"}}]}]}`,
      );
      const receipt = await journal.append({
        clear: JSON.stringify({
          type: 'released',
          time: '2026-11-27T01:00:00.000Z',
          client: 'counter',
          bodySha256: sha256(body),
          bytes: body.length,
        }),
        subject: { subject: 'uscc:1', json: '{"caseId":"c-1"}' },
      });
      return { id: receipt.id, answer: withReceipt(body, receipt.json) };
    }),
  );
  await journal.close();
  const { log, replica } = signersOf(data);
  const witnesses = await Promise.all(['w1', 'w2'].map((name) => runWitness(join(data, 'witnesses'), name, log)));
  const sequencer = sequencerOf(data, {
    batch: 1000,
    witnesses: { witnesses: witnesses.map(({ address }) => address), required: 2 },
  });
  await sequencer.runOnce();
  await sequencer.stop(30_000);
  for (const one of witnesses) await one.stop();
  const cases = answers.map(({ id, answer }) => ({ answer, logged: { id, ...receiptFor(data, id, 'counter') } }));
  return {
    data,
    vkeys: [log.vkey, replica.vkey],
    replica: replica.vkey,
    witnesses: witnesses.map(({ cosigner }) => cosigner.vkey),
    cases,
  };
}

function stranger(
  python: string,
  vkeys: readonly string[],
  required: number,
  witnesses: readonly string[],
  cases: readonly Case[],
): readonly Found[] {
  const input = cases
    .map(({ answer, logged }) => `${JSON.stringify({ answer: answer.toString('base64'), ...present({ logged }) })}\n`)
    .join('');
  const { stdout, stderr, status } = spawnSync(
    python,
    ['-B', join(packageRoot(), 'test/log/stranger/verify.py'), ...vkeys, String(required), ...witnesses],
    { input, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Found);
}

const receiptOf = (answer: Buffer): Promised =>
  (JSON.parse(answer.toString()) as { readonly receipt: Promised }).receipt;
const bodyOf = (answer: Buffer): Buffer =>
  Buffer.concat([answer.subarray(0, answer.lastIndexOf(',"receipt":')), Buffer.from('}')]);
const again = (answer: Buffer, receipt: object): Buffer => withReceipt(bodyOf(answer), JSON.stringify(receipt));

/** Another value of the same kind. */
function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (Array.isArray(value))
    return value.length === 0 ? [Buffer.alloc(32).toString('base64')] : [...value.slice(0, -1), changed(value.at(-1))];
  const text = String(value);
  const at = text.length >> 1;
  // digits stay digits, so that a time stays one
  const other = /\d/.test(text[at] ?? '') ? String((Number(text[at]) + 1) % 10) : text[at] === 'A' ? 'B' : 'A';
  return text.slice(0, at) + other + text.slice(at + 1);
}
const flippedText = (text: string, at: number): string =>
  text.slice(0, at) +
  (text[at] === 'A' ? 'B' : text[at] === '1' ? '2' : text[at] === '\n' ? ' ' : /\d/.test(text[at] ?? '') ? '1' : 'A') +
  text.slice(at + 1);

/** Of one answer and its receipt: each with one thing changed. */
function forgeries({ answer, logged }: Required<Case>, other: Required<Case>): ReadonlyMap<string, Required<Case>> {
  const receipt = receiptOf(answer);
  const found = new Map<string, Required<Case>>();
  for (const [member, value] of Object.entries(receipt)) {
    found.set(`promise: ${member} changed`, {
      answer: again(answer, { ...receipt, [member]: changed(value) }),
      logged,
    });
    found.set(`promise: no ${member}`, { answer: again(answer, { ...receipt, [member]: undefined }), logged });
  }
  const { version: _v, bodySha256: _b, answers: _a, ...older } = receipt;
  found.set('promise: as of version 1', { answer: again(answer, older), logged });
  found.set('the promise of another answer of the group', {
    answer: again(answer, receiptOf(other.answer)),
    logged: other.logged,
  });
  found.set('its digest replaced', {
    answer: again(other.answer, { ...receipt, bodySha256: receiptOf(other.answer).bodySha256 }),
    logged,
  });
  for (let at = 3; at < bodyOf(answer).length - 1; at += 17) {
    const bytes = Buffer.from(answer);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    found.set(`answer: byte ${String(at)} flipped`, { answer: bytes, logged });
  }
  const { proof = '', body = '', salt, ...rest } = logged as ReceiptAnswer;
  for (const member of ['id', 'state', 'index', 'body', 'salt'] as const)
    found.set(`receipt: ${member} changed`, {
      answer,
      logged: { ...logged, [member]: changed((logged as ReceiptAnswer)[member]) },
    });
  found.set('the receipt of another answer', { answer, logged: other.logged });
  found.set('receipt: salt gone', { answer, logged: { ...rest, body, proof } });
  for (let at = 0; at < proof.length; at += 5)
    found.set(`proof: character ${String(at)} changed`, {
      answer,
      logged: { ...logged, proof: flippedText(proof, at) },
    });
  return found;
}

t.test(
  'a verifier that was written from docs/log.md takes what the gateway gives, and nothing that was changed',
  async (t) => {
    const python = pythonForTest(t, 'cryptography', 'cryptography');
    const { vkeys, replica, witnesses, cases } = await answered(t);
    const [log = ''] = vkeys;
    const ours = ({ answer, logged }: Required<Case>): boolean => {
      try {
        verifyAnswer(answer, replica);
        const { id, index } = logged as ReceiptAnswer;
        const receipt = receiptOf(answer);
        return (
          verifyReceipt(logged as ReceiptAnswer, log, { answer, replicaVkeys: replica, witnesses, required: 2 })
            .index === index && id === `${receipt.journal}:${String(receipt.seq)}`
        );
      } catch {
        return false;
      }
    };
    t.strictSame(
      cases.map(ours),
      cases.map(() => true),
      'our own client takes all of them',
    );
    t.ok(
      cases.some(({ answer }) => receiptOf(answer).count > 1),
      'some share a signature',
    );
    const [one, other] = [
      cases.find(({ answer }) => receiptOf(answer).path.length > 0),
      cases.findLast(({ answer }) => receiptOf(answer).path.length > 0),
    ];
    if (one === undefined || other === undefined || one === other) return t.fail('no two answers of one group');
    const forged = forgeries(one, other);
    t.strictSame(
      [...forged].filter(([, changed]) => ours(changed)).map(([what]) => what),
      [],
      `${String(forged.size)} changes, none is taken by our client`,
    );
    if (python === undefined) return;
    const found = stranger(python, vkeys, 2, witnesses, cases);
    t.match(
      found,
      cases.map(() => ({ ok: true, size: 307, witnesses: ['w1.test', 'w2.test'] })),
    );
    t.strictSame(
      found.map(({ index }) => index),
      cases.map(({ logged }) => (logged as ReceiptAnswer).index),
    );
    const judged = stranger(python, vkeys, 2, witnesses, [...forged.values()]);
    t.equal(judged.length, forged.size);
    t.strictSame(
      [...forged.keys()].filter((_, i) => judged[i]?.ok !== false),
      [],
      `${String(forged.size)} changes, none is taken by the stranger`,
    );
    t.match(stranger(python, vkeys, 3, witnesses, [one]), [{ ok: false, fault: 'too few witnesses cosigned' }]);
    t.match(
      stranger(python, vkeys, 0, [], [{ answer: one.answer }]),
      [{ ok: true }],
      'a promise alone, before its entry is in the log',
    );
  },
);

t.test('a promise of before the digest is still taken, and says of no answer that it is its', (t) => {
  const { replica } = signersOf(t.testdir());
  const leaf = leafHash(Buffer.alloc(32, 7));
  const mergeBy = Date.parse('2026-01-01T00:01:00.000Z');
  const signature = replica.sign(
    Buffer.from(groupText('w1-00000001', { first: 4, count: 1, root: leaf, answers: undefined, mergeBy })),
  );
  const old: Promised = {
    journal: 'w1-00000001',
    seq: 4,
    leaf: leaf.toString('base64'),
    path: [],
    first: 4,
    count: 1,
    root: leaf.toString('base64'),
    mergeBy: new Date(mergeBy).toISOString(),
    key: replica.name,
    algorithm: 'ed25519',
    signature: signatureText(replica.keyId, signature),
  };
  const keys = [parseVkey(replica.vkey)];
  t.ok(promisedLeaf(old, keys, 'of whatever answer').equals(leaf));
  t.throws(() => promisedLeaf({ ...old, version: 2 }, keys), { code: 'log_invalid' });
  t.throws(() => promisedLeaf({ ...old, version: 3 }, keys), { code: 'log_invalid' });
  t.throws(
    () => promisedLeaf({ ...old, bodySha256: sha256(Buffer.from('{}')) }, keys),
    { code: 'log_invalid' },
    'what nobody signed for is not carried along',
  );
  const answer = withReceipt(Buffer.from('{"datasets":[]}'), JSON.stringify(old));
  t.throws(() => verifyAnswer(answer, replica.vkey), { code: 'log_invalid' });
  const python = pythonForTest(t, 'cryptography', 'cryptography');
  if (python !== undefined)
    t.match(stranger(python, [replica.vkey, replica.vkey], 0, [], [{ answer }]), [{ ok: true }]);
  t.end();
});
