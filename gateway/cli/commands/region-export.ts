import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { regionOffer } from '../../../policies/regions.js';
import type { RegionOffer } from '../../../policies/types.js';
import { readSettings, type Settings } from '../../ground/config/index.js';
import { AUDIT, dataOption, foldersThere, list, runningFor, text, workspaceOption } from '../../ground/files/places.js';
import { certificateFacts } from '../../ground/identity/certificate.js';
import { auditLayout } from '../../log/entries/layout.js';
import { parseVkey } from '../../log/proof/note.js';
import { checkOffer, signOffer } from '../../log/proof/region-offer.js';
import { openSigner } from '../../log/store/signer.js';
import { readVkey } from '../../log/store/vkey.js';
import { regionUnder } from '../../operate/pki/region.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

const bad = (message: string): never => {
  throw new YitongError('bad_config', message);
};

/** The one URI of the gateway's certificate. */
function spiffeIn(file: string): string {
  const { uris } = certificateFacts(new X509Certificate(readFileSync(file)));
  const [uri] = uris;
  return uri === undefined || uris.length > 1
    ? bad(`the certificate \`${file}\` must have exactly one URI, by which other regions know this gateway`)
    : uri;
}

/** Keys of the log, of the replicas that write to it, and of its witnesses. */
function logOf(data: string, audit: Settings['audit']): RegionOffer['log'] {
  const replicas = join(auditLayout(data).log, 'replicas');
  return {
    vkey: readVkey(data),
    replicas: readdirSync(replicas).map((name) => readFileSync(join(replicas, name), 'utf8').trim()),
    witnesses: audit.witnesses.map(({ vkey }) => vkey),
  };
}

/** Those that are named, which must be there; else all that may be shared. */
function offered(what: string, named: readonly string[], all: readonly string[]): readonly string[] {
  for (const id of named) if (!all.includes(id)) throw new WrongUsage(`there is no ${what} \`${id}\` to be offered`);
  return named.length === 0 ? all : named;
}

const shareable = (workspace: Workspace): readonly string[] =>
  [...workspace.contracts.values()].flatMap(({ id, sharing }) => (sharing.attribute === 'none' ? [] : [id])).sort();

const command: Command = {
  summary: 'the file by which another region comes to trust this installation',
  zh: '导出供其他地区建立互信的文件',
  group: 'running',
  usage: '[--workspace D] [--data D] [--purpose P …] [--dataset D …] [--out FILE]',
  examples: [
    'yitong region export --out yunzhou.region.json',
    'yitong region export --purpose licence-review --dataset samr.company-register',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    purpose: { type: 'string', multiple: true, describe: 'a purpose for which it may be asked; default: all' },
    dataset: { type: 'string', multiple: true, describe: 'a dataset that is offered; default: all that is shared' },
    out: { type: 'string', describe: 'where the file is written; default: on stdout' },
  },
  async run(call) {
    const { workspace: dir, data } = foldersThere(call.values, AUDIT);
    const up = runningFor(call.values);
    const workspace = await loadWorkspace(dir);
    const settings = readSettings(workspace.settings, { file: join(dir, 'yitong.json') }, process.env);
    const region = up === undefined ? settings.region : regionUnder(settings.region, up.pki);
    const api = region.address || up?.api;
    if (region.id === '') bad('`region.id` is not set: by which name are other regions to know this installation?');
    if (api === undefined || region.caFile === '' || region.certFile === '')
      return bad('`region.address`, `region.caFile` and `region.certFile` must be set where `up` does not run');
    const log = logOf(data, settings.audit);
    const key = join(auditLayout(data).keys, 'log.key');
    if (!existsSync(key)) bad('the key of the log is not in this data folder: export where the log is sequenced');
    const { purposes } = await loadPolicies(workspace);
    const offer = signOffer(
      {
        format: 'yitong-region/1',
        region: region.id,
        name: workspace.name,
        ca: readFileSync(resolve(dir, region.caFile), 'utf8'),
        spiffe: spiffeIn(resolve(dir, region.certFile)),
        api: [api],
        log,
        purposes: offered('purpose', list(call.values['purpose']), [...purposes.keys()].sort()),
        datasets: offered('dataset', list(call.values['dataset']), shareable(workspace)),
      },
      openSigner(key, parseVkey(log.vkey).name),
    );
    checkOffer(regionOffer(offer, { file: 'the exported file' }));
    const written = `${JSON.stringify(offer, null, 2)}\n`;
    const out = text(call.values['out']);
    if (out === undefined) {
      call.json(offer);
      call.say(written.trimEnd());
      return 0;
    }
    await writeFile(out, written, { mode: 0o644 });
    call.json({ file: resolve(out) });
    call.say(resolve(out));
    call.say(`key of the log: ${log.vkey}`);
    call.say('Tell the other side this key by another way than the file: by it they see that nobody changed it.');
    return 0;
  },
};
export default command;
