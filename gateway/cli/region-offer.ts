/** What one installation gives another, and takes of it: the file of `yitong region export` and `accept`. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import { readJson } from '../../contracts/files.js';
import type { Workspace } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { loadPolicies } from '../../policies/load.js';
import { regionFile, regionOffer } from '../../policies/regions.js';
import type { RegionOffer } from '../../policies/types.js';
import { readSettings, type Settings } from '../ground/config/index.js';
import type { UpFile } from '../ground/files/places.js';
import { certificateFacts } from '../ground/identity/certificate.js';
import { auditLayout } from '../log/entries/layout.js';
import { parseVkey } from '../log/proof/note.js';
import { checkOffer, signOffer } from '../log/proof/region-offer.js';
import { openSigner } from '../log/store/signer.js';
import { readVkey } from '../log/store/vkey.js';
import { regionUnder } from '../operate/pki/region.js';
import { WrongUsage } from './failure.js';

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

/**
 * What a workspace and its log offer to other regions, signed.
 * @param up the city that runs on them, which says where it is reached where the settings do not
 * @throws YitongError `bad_config` where something lacks; WrongUsage where what is named is not there
 */
export async function offerOf(
  { workspace: dir, data }: { readonly workspace: string; readonly data: string },
  up: Pick<UpFile, 'pki' | 'api'> | undefined,
  named: { readonly purposes: readonly string[]; readonly datasets: readonly string[] },
): Promise<RegionOffer> {
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
      purposes: offered('purpose', named.purposes, [...purposes.keys()].sort()),
      datasets: offered('dataset', named.datasets, shareable(workspace)),
      authorities: Object.fromEntries([...workspace.authorities.values()].map(({ id, name }) => [id, name])),
    },
    openSigner(key, parseVkey(log.vkey).name),
  );
  checkOffer(regionOffer(offer, { file: 'the exported file' }));
  return offer;
}

/**
 * Puts what another region offers into the workspace. A newer file takes the place of the one before; what was decided
 * here stays, but for `decided`.
 * @returns the file
 */
export async function keepOffer(
  dir: string,
  offer: RegionOffer,
  authority: string,
  decided: object = {},
): Promise<string> {
  const file = join(dir, 'policies', 'regions', `${offer.region}.json`);
  const before = existsSync(file) ? regionFile(await readJson(file, 'bad_policy'), { file }) : undefined;
  const content = { status: 'active', asks: [], ...before, ...decided, authority, offer };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`);
  await rename(`${file}.new`, file);
  return file;
}
