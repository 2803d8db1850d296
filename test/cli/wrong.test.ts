/**
 * What somebody is told who writes a command wrong, or names what is not there: one message, exit 2, no stack trace,
 * nothing on stdout.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cli } from '../e2e/city.js';

t.setTimeout(300_000);

const NO_WORKSPACE =
  'there is no workspace in this folder. Name it with `--workspace`, begin one with `yitong init`, or look ' +
  'whether its volume is mounted: Kubernetes 1.31 to 1.34 drops an image volume without a word unless the ' +
  'feature gate ImageVolume is on at the API server and at every kubelet [bad_workspace]';
const START = '`yitong up --workspace city` starts a city [bad_request]';

/**
 * What is written, the first line of the answer, and the command whose help is named below it. `DIR` is the folder in
 * which it is run.
 */
const WRONG: readonly (readonly [line: string, message: string, help?: string])[] = [
  // commands
  ['quary', 'unknown command `quary`; did you mean `yitong query`? `yitong --help` lists them'],
  ['audit serch', 'unknown command `audit serch`; did you mean `yitong audit search`?'],
  ['report lst --for x', 'unknown command `report lst`; did you mean `yitong report list`?'],
  ['contracts', 'unknown command `contracts`; there is `yitong contracts check`, `yitong contracts register`'],
  [
    'contracts-check',
    'unknown command `contracts-check`; did you mean `yitong contracts check`? `yitong --help` lists them',
  ],
  ['help nonsense', 'unknown command `nonsense`; `yitong --help` lists them'],
  ['--vesion', 'unknown command `--vesion`; did you mean `yitong --version`? `yitong --help` lists them'],
  // options
  ['up --prot 1', 'there is no option `--prot`; did you mean `--port`?', 'up'],
  ['up --port', '`--port` needs a value', 'up'],
  ['up --port many', '`--port` is a whole number up to 65533, not `many`', 'up'],
  ['up --bus kafkaa', '`--bus` is one of `embedded`, `kafka`, not `kafkaa`; did you mean `kafka`?', 'up'],
  [
    'query uscc:1 --purpose --as x',
    '`--purpose` needs a value; one that begins with `-` is written `--purpose=--as`',
    'query',
  ],
  ['query uscc:1 -o xml', '`-o` is one of `table`, `json`, `csv`, not `xml`', 'query'],
  ['query uscc:1 --json -o csv', '`--json` and `-o csv` exclude each other', 'query'],
  ['query uscc:1 --json=yes', '`--json` takes no value', 'query'],
  ['catalogue --zh --en', '`--zh` and `--en` exclude each other', 'catalogue'],
  ['audit search --result maybe', '`--result` is one of `allow`, `deny`, not `maybe`', 'audit search'],
  [
    'audit export --format xml',
    '`--format` is one of `ndjson`, `csv`, `xlsx`, `ocsf`, `pdf`, not `xml`',
    'audit export',
  ],
  ['config --markdwon', 'there is no option `--markdwon`; did you mean `--markdown`?', 'config'],
  [
    'contracts check --impact --workspace city',
    '`--impact` compares two workspaces; say the earlier one with `--against D`',
    'contracts check',
  ],
  // what stands beside options
  ['up city', 'nothing is known to do with `city`: the command takes options only', 'up'],
  [
    'query a b --datasets x --purpose y --as z',
    'nothing is known to do with `b`: the command takes one word beside its options',
    'query',
  ],
  ['query uscc:1', 'a query names a subject, --datasets, --purpose and --as', 'query'],
  [
    'query uscc:1 --datasets a.b --purpose p --as c --sandbox --as-of 2026-01-01',
    'the sandbox has neither a past nor pages: leave out `--as-of` and `--cursor`',
    'query',
  ],
  ['init', 'name the folder of the new workspace', 'init'],
  ['report show', 'name the report by its id, and the company with --for', 'report show'],
  ['quarantine retry', 'name a dataset, as in `yitong quarantine retry samr.company-register`', 'quarantine retry'],
  [
    'mends approve samr.company-register 3f0c2d9a41e87b36 --as x',
    'say with `--officer` who acts: two people are needed for a mend',
    'mends approve',
  ],
  ['feed read samr.company-register --as x', 'say with `--officer` who acts: who asks is on record', 'feed read'],
  [
    'mends propose samr.company-register --as x --officer y',
    'name the dataset, and with `--cause` why rows are held back',
    'mends propose',
  ],
  ['completion tcsh', 'there is no completion for `tcsh`; there is for bash, zsh, fish', 'completion'],
  // what is not there
  ['up --workspace nowhere', `DIR/nowhere/yitong.json: ${NO_WORKSPACE}`],
  ['policies check --workspace empty', `DIR/empty/yitong.json: ${NO_WORKSPACE}`],
  ['init city', 'DIR/city: the folder is not empty; a workspace begins in an empty one [bad_config]'],
  [
    'query uscc:91990101MAEXA0001X --datasets office.shops --purpose permit-check --as front-desk --workspace city',
    'no city runs on the workspace `DIR/city`; start it with `yitong up --workspace city`, name another with ' +
      '`--workspace`, or a gateway with `--api` and `--pki` [bad_config]',
  ],
  [
    'query uscc:1 --datasets x --purpose y --as front-dsk --api https://127.0.0.1:9 --pki pki',
    'there is no certificate of a client `front-dsk` in `pki/clients`; did you mean `front-desk`? there is ' +
      '`front-desk` [bad_request]',
  ],
  [
    'query uscc:1 --datasets x --purpose y --as front-desk --api https://127.0.0.1:9 --pki nowhere',
    'there is no PKI folder `nowhere` [bad_request]',
  ],
  [
    'query uscc:1 --datasets x --purpose y --as front-desk --api localhost --pki pki',
    '`--api` is an address as https://gateway.example:8443, not `localhost` [bad_request]',
  ],
  [
    'audit search --data nowhere --workspace city',
    `there is no data folder \`DIR/nowhere\`; name it with \`--data\`, or its workspace with \`--workspace\`; ${START}`,
  ],
  ['audit search --data empty --workspace city', `the data folder \`DIR/empty\` holds no audit log; ${START}`],
  [
    'audit verify --data city/yitong.json --workspace city',
    '`DIR/city/yitong.json` is no folder; `--data` names the data folder of a city [bad_request]',
  ],
  [
    'audit verify --log nowhere',
    'there is no folder `nowhere`; `--log` names one with checkpoint, tiles and bundles',
    'audit verify',
  ],
  [
    'quarantine list --workspace city',
    `there is no data folder \`DIR/city/.yitong/data\`; name it with \`--data\`, or its workspace with ` +
      `\`--workspace\`; ${START}`,
  ],
  [
    'catalogue office.shop --workspace city',
    'there is no dataset `office.shop`; did you mean `office.shops`?',
    'catalogue',
  ],
  [
    'connector office.shop --once --workspace city',
    'there is no feed `office.shop`; did you mean `office.shops`? there are office.shops [bad_feed]',
  ],
  [
    'policies explain --client front-dsk --purpose permit-check --dataset office.shops --workspace city',
    'there is no client `front-dsk`; did you mean `front-desk`? policies/clients/ has front-desk',
    'policies explain',
  ],
  ['report verify nothing.pdf --ca pki/ca.pem', 'there is no `DIR/nothing.pdf` [ENOENT]'],
  ['feed new nothing.csv --workspace city', 'the file `nothing.csv` cannot be read; is the name right? [bad_feed]'],
  [
    'restore nowhere --data new',
    'DIR/nowhere/manifest.json: this folder is no backup: it has no manifest that can be read [backup_manifest]',
  ],
];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

t.test('each wrong usage has its message', async (t) => {
  const dir = t.testdir();
  const run = (line: string): Promise<Ended> =>
    new Promise((resolve) =>
      execFile(
        process.execPath,
        [cli, ...line.split(' ')],
        { cwd: dir, env: { ...process.env, npm_execpath: undefined } },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      ),
    );
  t.equal((await run('init city')).code, 0);
  mkdirSync(join(dir, 'empty'));
  mkdirSync(join(dir, 'pki', 'clients', 'front-desk'), { recursive: true });
  writeFileSync(join(dir, 'pki', 'ca.pem'), '');
  t.ok(WRONG.length >= 30);
  const left = [...WRONG];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [line, message, help] = next;
      const expected = `${message.replaceAll('DIR', dir)}\n${help === undefined ? '' : `see \`yitong ${help} --help\`\n`}`;
      t.same(await run(line), { code: 2, stdout: '', stderr: expected }, `yitong ${line}`);
    }
  };
  await Promise.all([worker(), worker()]);
});
