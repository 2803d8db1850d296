import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isYitongError } from '../../../contracts/errors.js';
import { readJson } from '../../../contracts/files.js';
import { shape } from '../../../contracts/validate.js';
import { AUDIT, dataOption, foldersThere, text, workspaceOption } from '../../ground/files/places.js';
import { commitmentOf } from '../../log/proof/journal.js';
import { decodeBase64, parseVkey, type Verifier } from '../../log/proof/note.js';
import { verifyProof } from '../../log/proof/proof.js';
import { checkExport, evidenceIn } from '../../log/search/export/export.js';
import { lookupReceipt } from '../../log/store/receipts.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';
import { witnessesNamed, witnessFlags } from '../witness-options.js';

/**
 * What the log proves about one receipt, and the check of it without the log. Exit 1 while it is not in the log, or
 * does not verify.
 */
const command: Command = {
  summary: 'what the log proves about one receipt',
  zh: '查看日志对一张回执的证明',
  usage: '<id> [--data D] [--proof] | --verify FILE --vkey KEY [--witness VKEY … --required K] [--json]',
  takes: 1,
  wanting: 'where the entry is not in the log yet, or what is verified does not hold',
  examples: [
    'yitong audit receipt w1-5f3a9c01:1042 --json > receipt.json',
    'yitong audit receipt --verify receipt.json --vkey log.example+1a2b3c4d+AT… --witness w1.example+5e6f7a8b+BG…',
    'yitong audit receipt --verify entries.ndjson --vkey log.example+1a2b3c4d+AT…',
    'yitong audit receipt w1-5f3a9c01:1042 --proof > entry.tlog-proof',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    proof: { type: 'boolean', describe: 'only the tlog-proof' },
    verify: {
      type: 'string',
      describe:
        'a file as `--json` or `GET /v1/receipts/{id}` gives it, or an export of entries (`.ndjson`, also out of a ' +
        'PDF); reads nothing else',
    },
    vkey: { type: 'string', describe: "the log's key, for --verify" },
    ...witnessFlags,
  },
  async run(call) {
    const file = text(call.values['verify']);
    if (file !== undefined) return verify(call, file);
    const id = call.positionals[0];
    if (id === undefined) {
      throw new WrongUsage('name the receipt, `<journal>:<seq>`, or a file with --verify');
    }
    const found = lookupReceipt(foldersThere(call.values, AUDIT).data, id);
    if (found.kind === 'not_yet') {
      call.json({ state: 'not_yet' });
      call.say(`\`${id}\` is not under a published checkpoint of the log`);
      return 1;
    }
    const { index, body, salt, erasedBy, expiredBy, proof } = found;
    call.json({
      id,
      state: 'logged',
      index,
      body,
      ...(salt === undefined ? { erasedBy, expiredBy } : { salt: salt.toString('base64') }),
      proof,
    });
    if (call.values['proof'] === true) {
      call.say(proof.replace(/\n$/, ''));
      return 0;
    }
    call.say(
      `entry ${index} of the log` +
        (erasedBy === undefined ? '' : `, salt erased by entry ${erasedBy}`) +
        (expiredBy === undefined ? '' : `, body expired by entry ${expiredBy}`),
    );
    call.say(body);
    if (salt !== undefined) call.say(`salt ${salt.toString('base64')}`);
    call.say(proof);
    return 0;
  },
};
export default command;

interface Logged {
  readonly body: string;
  readonly salt: string;
  readonly proof: string;
}
const string = { type: 'string' };
const logged = shape<Logged>(
  { type: 'object', required: ['body', 'salt', 'proof'], properties: { body: string, salt: string, proof: string } },
  'log_invalid',
);

async function verify(call: Invocation, file: string): Promise<0 | 1> {
  const vkey = text(call.values['vkey']);
  if (vkey === undefined) {
    throw new WrongUsage(
      "`--vkey` names the log's key; whoever gave you the file must not be the one who gives you the key",
    );
  }
  const log = parseVkey(vkey);
  if (file.endsWith('.ndjson')) return verifyLines(call, resolve(file), log);
  const policy = witnessesNamed(call.values);
  const { body, salt, proof } = logged(await readJson(resolve(file), 'log_invalid'), { file });
  try {
    const entry = commitmentOf(decodeBase64(salt) ?? Buffer.alloc(0), Buffer.from(body));
    const { index, size, cosigned } = verifyProof(proof, entry, log.name, [log], policy);
    const by = cosigned.map(({ name, time }) => ({ name, time: new Date(time * 1000).toISOString() }));
    call.json({ ok: true, index, size, cosigned: by });
    call.say(`verified: entry ${index} of the ${size} that \`${log.name}\` signed for`);
    for (const { name, time } of by) call.say(`  cosigned by ${name} at ${time}`);
    if (policy === undefined) call.say("no witness was named: the log's operator alone vouches for the checkpoint");
    call.say(body);
    return 0;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    call.json({ ok: false, fault: error.message });
    call.say(`the receipt does not verify: ${error.message} [${error.code}]`);
    return 1;
  }
}

/** Each line of an export, against the log's key alone. */
function verifyLines(call: Invocation, file: string, log: Verifier): 0 | 1 {
  try {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const { proved, erased, unproved } = checkExport(lines.map(evidenceIn), log.name, [log]);
    call.json({ ok: unproved === 0, proved, erased, unproved });
    call.say(`verified: ${proved} of ${lines.length} entries stand in the log that \`${log.name}\` signed for`);
    if (erased > 0) call.say(`  ${erased} without a salt: only their places could be proved`);
    if (unproved > 0) call.say(`  ${unproved} newer than the checkpoint: export them again`);
    return unproved === 0 ? 0 : 1;
  } catch (error) {
    if (!isYitongError(error)) throw error;
    call.json({ ok: false, fault: error.message });
    call.say(`the export does not verify: ${error.message} [${error.code}]`);
    return 1;
  }
}
