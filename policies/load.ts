/**
 * Reads `policies/` over a workspace's layers and checks every reference. Beside `withdraw.ts` the only file here that
 * does I/O.
 */

import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseDuration } from '../contracts/duration.js';
import { type ErrorCode, isYitongError, type Place, YitongError } from '../contracts/errors.js';
import { type ContentFile, contentFiles, namesBelow, readJson } from '../contracts/files.js';
import {
  type AuthorityId,
  authorityId,
  type ClientId,
  clientId,
  datasetId,
  fieldPath,
  type GrantId,
  grantId,
  keyOf,
  type PurposeId,
  purposeId,
  schemeOf,
} from '../contracts/ids.js';
import { present } from '../contracts/present.js';
import type { Contract, Workspace } from '../contracts/types.js';
import type { PassedChecks } from './cedar.js';
import { knowsField } from './fields.js';
import { formsProblem } from './forms.js';
import { readRegion, regionFile } from './regions.js';
import { type RuleFile, readRules } from './rules.js';
import {
  type AnchorFile,
  anchorFile,
  type ClientFile,
  casesFile,
  clientFile,
  type GrantFile,
  grantFile,
  purposesFile,
} from './shapes.js';
import type {
  Anchor,
  AnchorLists,
  Binding,
  CaseFile,
  Client,
  Grant,
  PolicySet,
  Purpose,
  Region,
  RowPredicate,
} from './types.js';

/** Turns a malformed identifier of a content file into the file's own error, with its place. */
function at<T>(code: ErrorCode, place: Place, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isYitongError(error) && error.code === 'bad_identifier')
      throw new YitongError(code, error.message, { place, cause: error });
    throw error;
  }
}

function binding(identity: ClientFile['identity'], place: Place): Binding {
  const { spiffe, issuer, subject, keyHash } = identity;
  const keys = Object.keys(identity).sort().join();
  if (keys === 'spiffe' && spiffe !== undefined) return { kind: 'spiffe', uri: spiffe };
  if (keys === 'issuer,subject' && issuer !== undefined && subject !== undefined)
    return { kind: 'subject', issuer, subject };
  if (keys === 'keyHash' && keyHash !== undefined) return { kind: 'key', sha256: keyHash };
  throw new YitongError('bad_policy', '`identity` must have either `spiffe`, or `issuer` and `subject`, or `keyHash`', {
    place,
  });
}

const stem = (file: ContentFile): string => file.name.slice(0, -'.json'.length);

async function readPurposes(workspace: Workspace, hash: Hash): Promise<Map<PurposeId, Purpose>> {
  const purposes = new Map<PurposeId, Purpose>();
  // farthest layer first: a nearer one adds to it, and replaces what has the same id
  for (const layer of [...workspace.layers].reverse()) {
    for (const file of await contentFiles([layer], 'policies', 'purposes.json', 1)) {
      if (file.name !== 'purposes.json') continue;
      const place = { file: file.path };
      const content = purposesFile(await readJson(file.path, 'bad_policy'), place);
      for (const [name, { name: title, legalBasis }] of Object.entries(content)) {
        const id = at('bad_policy', place, () => purposeId(name));
        purposes.set(id, { id, name: title, legalBasis });
      }
    }
  }
  hash(
    'purposes',
    [...purposes.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
  return purposes;
}

async function readClients(workspace: Workspace, hash: Hash): Promise<Map<ClientId, Client>> {
  const clients = new Map<ClientId, Client>();
  const bound = new Map<string, ClientId>();
  for (const file of await contentFiles(workspace.layers, 'policies/clients', '.json', 1)) {
    const place = { file: file.path };
    const content = clientFile(await readJson(file.path, 'bad_policy'), place);
    const id = at('bad_policy', place, () => clientId(stem(file)));
    const authority = knownAuthority(workspace, content.authority, 'bad_policy', place);
    const client: Client = {
      id,
      authority,
      name: content.name,
      binding: binding(content.identity, place),
      status: content.status,
      ...present({ rate: content.rate, webhook: await webhookOf(workspace.layers, content.webhook, place) }),
    };
    const key = JSON.stringify(client.binding);
    const other = bound.get(key);
    if (other !== undefined)
      throw new YitongError('bad_policy', `\`identity\` is the same as that of client \`${other}\``, { place });
    bound.set(key, id);
    clients.set(id, client);
    hash(`clients/${file.name}`, content);
  }
  return clients;
}

/** The regions; the gateway of each is added to the clients. */
async function readRegions(
  workspace: Workspace,
  clients: Map<ClientId, Client>,
  purposes: ReadonlyMap<PurposeId, Purpose>,
  hash: Hash,
): Promise<Map<string, Region>> {
  const regions = new Map<string, Region>();
  const declared = new Map(clients);
  const known = {
    clients: declared,
    purposes,
    authority: (id: string, place: Place) => knownAuthority(workspace, id, 'bad_policy', place),
  };
  for (const file of await contentFiles(workspace.layers, 'policies/regions', '.json', 1)) {
    const place = { file: file.path };
    const content = regionFile(await readJson(file.path, 'bad_policy'), place);
    const { region, client } = readRegion(stem(file), content, known, place);
    if (declared.has(client.id))
      throw new YitongError('bad_policy', `\`${client.id}\` is the gateway of a region, and a client has that id`, {
        place,
      });
    regions.set(region.id, region);
    clients.set(client.id, client);
    hash(`regions/${file.name}`, content);
  }
  return regions;
}

/** @throws YitongError `bad_policy` for an address that says more than where */
async function webhookOf(
  layers: readonly string[],
  webhook: ClientFile['webhook'],
  place: { readonly file: string },
): Promise<Client['webhook']> {
  if (webhook === undefined) return undefined;
  const url = URL.canParse(webhook.url) ? new URL(webhook.url) : undefined;
  if (url === undefined || url.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.hash !== '')
    throw new YitongError('bad_policy', '`webhook.url` is an address `https://…` without a user and a fragment', {
      place,
    });
  return {
    url: url.href,
    ...(webhook.ca === undefined ? {} : { ca: await fileOf(layers, 'webhook.ca', webhook.ca, place) }),
  };
}

function knownAuthority(workspace: Workspace, name: string, code: ErrorCode, place: Place): AuthorityId {
  const id = at(code, place, () => authorityId(name));
  if (!workspace.authorities.has(id)) throw new YitongError(code, `there is no authority \`${name}\``, { place });
  return id;
}

function rowPredicate(rows: GrantFile['rows'], contract: Contract, workspace: Workspace, place: Place): RowPredicate {
  if (rows.all !== undefined) return { kind: 'all' };
  if (rows.area !== undefined) {
    const field = at('bad_grant', place, () => fieldPath(rows.area?.field ?? ''));
    const info = contract.latest.fields.find((known) => known.path === field);
    if (info === undefined || info.branch)
      throw new YitongError(
        'bad_grant',
        `\`rows.area.field\` names \`${field}\`, which is no single field of \`${contract.id}\``,
        { place },
      );
    return { kind: 'area', field, areas: rows.area.areas };
  }
  const subjects = rows.subjects ?? [];
  const scheme = workspace.schemes.get(contract.subject.scheme);
  for (const [index, subject] of subjects.entries()) {
    const [name, key] = [schemeOf(subject), keyOf(subject)];
    const parsed = name === scheme?.id ? scheme.parse(key) : undefined;
    // never the subject itself in a message
    if (parsed?.ok !== true || parsed.changed) {
      throw new YitongError(
        'bad_grant',
        `\`rows.subjects.${String(index)}\` is no normalised \`${contract.subject.scheme}:\` key`,
        { place },
      );
    }
  }
  return { kind: 'subjects', subjects };
}

function readGrant(
  id: GrantId,
  content: GrantFile,
  workspace: Workspace,
  clients: ReadonlyMap<ClientId, Client>,
  purposes: ReadonlyMap<PurposeId, Purpose>,
  place: Place,
): Grant {
  const refuse = (message: string): never => {
    throw new YitongError('bad_grant', message, { place });
  };
  const client = at('bad_grant', place, () => clientId(content.client));
  if (!clients.has(client)) refuse(`there is no client \`${client}\``);
  const dataset = at('bad_grant', place, () => datasetId(content.dataset));
  const contract = workspace.contracts.get(dataset) ?? refuse(`there is no dataset \`${dataset}\``);
  const fields = content.fields.map((entry) => {
    const { path, as = 'value' as const, bands = undefined } = typeof entry === 'string' ? { path: entry } : entry;
    if (path === '*') return refuse('`fields` must name fields; `*` is not granted');
    const known = at('bad_grant', place, () => fieldPath(path));
    if (!knowsField(contract, known)) return refuse(`\`${dataset}\` has no field \`${known}\``);
    return { path: known, as, ...present({ bands }) };
  });
  if (new Set(fields.map(({ path }) => path)).size !== fields.length) refuse('`fields` names one field twice');
  const formless = formsProblem(fields, contract);
  if (formless !== undefined) refuse(formless);
  if ((content.batchLimit ?? 0) > 0 && !content.delivery.includes('batch'))
    refuse('`batchLimit` stands with the delivery `batch`, and only with it');
  if (content.signals === true && !content.delivery.includes('subscription'))
    refuse('`signals` stands with the delivery `subscription`, and only with it');
  const granted = content.purposes.map((name) => {
    const purpose = at('bad_grant', place, () => purposeId(name));
    return purposes.has(purpose) ? purpose : refuse(`there is no purpose \`${purpose}\``);
  });
  for (const way of content.delivery)
    if (!contract.sharing.delivery.includes(way)) refuse(`\`${dataset}\` is not delivered by \`${way}\``);
  if (content.from > content.until) refuse('`from` is after `until`');
  const { mode, legalBasis, delay } = content.subjectNotice;
  if (mode === 'withheld' && legalBasis === undefined)
    refuse('`subjectNotice.legalBasis` must say why the notice is withheld');
  if ((mode === 'delayed') !== (delay !== undefined))
    refuse('`subjectNotice.delay` stands with the mode `delayed`, and only with it');
  if (delay !== undefined && parseDuration(delay) === undefined)
    refuse('`subjectNotice.delay` must be an ISO 8601 duration in days or less, as `P30D`');
  return {
    ...content,
    id,
    client,
    dataset,
    fields,
    purposes: granted,
    rows: rowPredicate(content.rows, contract, workspace, place),
  };
}

/**
 * A grant as a file holds it, wherever it stands: in `policies/grants`, or as an application made it.
 * @throws YitongError `bad_grant`
 */
export const grantOf = (
  id: string,
  value: unknown,
  { workspace, clients, purposes }: { readonly workspace: Workspace } & Pick<PolicySet, 'clients' | 'purposes'>,
  place: Place,
): Grant =>
  readGrant(
    at('bad_grant', place, () => grantId(id)),
    grantFile(value, place),
    workspace,
    clients,
    purposes,
    place,
  );

/**
 * A file that an anchor names, beside the anchor's own file. Policies are content: they must not make the gateway read
 * what only it can read, by a path or by a link.
 * @param key under which it is named
 * @throws YitongError `bad_policy` where it is not below the workspace, or hidden
 */
async function fileOf(
  layers: readonly string[],
  key: 'ca' | 'crl' | 'webhook.ca',
  named: string,
  place: { readonly file: string },
): Promise<string> {
  const refuse = (why: string): never => {
    throw new YitongError('bad_policy', `\`${key}\`: \`${named}\` ${why}`, { place });
  };
  const path = join(dirname(place.file), named);
  const layer =
    layers.find((root) => namesBelow(root, place.file) !== undefined) ?? refuse('leads out of the workspace');
  const names = namesBelow(layer, path) ?? refuse('leads out of the workspace');
  if (names.some((name) => name.startsWith('.'))) refuse('is hidden (a name in it begins with a dot)');
  // one that is not there yet is said by whoever reads it; a link may stay inside, as those of a mounted folder do
  const [root, real] = await Promise.all([layer, path].map((at) => realpath(at).catch(() => undefined)));
  if (root !== undefined && real !== undefined && namesBelow(root, real) === undefined)
    refuse('leads out of the workspace by a link');
  return path;
}

/** Nobody is let in without a list by leaving a line out. */
async function listsOf(
  layers: readonly string[],
  { crl, noCrlBecause }: AnchorFile,
  place: { readonly file: string },
): Promise<AnchorLists> {
  if (crl !== undefined && noCrlBecause === undefined) return { crl: await fileOf(layers, 'crl', crl, place) };
  if (crl === undefined && noCrlBecause !== undefined) return { noCrlBecause };
  const why = crl === undefined ? 'says nothing of revocation' : 'has a list, and says that it has none';
  throw new YitongError(
    'bad_policy',
    `the anchor ${why}: write \`crl\`, the file of its revocation lists, or \`noCrlBecause\`, why a ` +
      'certificate of it cannot be called back; one of them',
    { place },
  );
}

async function readAnchors(workspace: Workspace, hash: Hash): Promise<Anchor[]> {
  const anchors: Anchor[] = [];
  for (const file of await contentFiles(workspace.layers, 'policies/anchors', '.json', 1)) {
    const place = { file: file.path };
    const content = anchorFile(await readJson(file.path, 'bad_policy'), place);
    const { authorities } = content;
    const crlGrace = content.crlGrace === undefined ? 0 : parseDuration(content.crlGrace);
    if (crlGrace === undefined)
      throw new YitongError('bad_policy', '`crlGrace` must be an ISO 8601 duration in days or less, as `PT24H`', {
        place,
      });
    anchors.push({
      id: stem(file),
      name: content.name,
      ca: await fileOf(workspace.layers, 'ca', content.ca, place),
      authorities:
        typeof authorities === 'string'
          ? '*'
          : authorities.map((name) => knownAuthority(workspace, name, 'bad_policy', place)),
      crlGrace,
      ...(await listsOf(workspace.layers, content, place)),
    });
    hash(`anchors/${file.name}`, content);
  }
  return anchors;
}

type Hash = (name: string, content: unknown) => void;

/**
 * @throws YitongError `bad_policy` or `bad_grant` with the file: an unknown key, a reference to a client, dataset,
 * field, purpose or authority that the workspace does not have, a policy that does not compile
 */
export async function loadPolicies(workspace: Workspace, passed?: PassedChecks): Promise<PolicySet> {
  const digest = createHash('sha256');
  const hash: Hash = (name, content) => digest.update(`${JSON.stringify([name, content])}\n`);
  const purposes = await readPurposes(workspace, hash);
  const clients = await readClients(workspace, hash);
  const regions = await readRegions(workspace, clients, purposes, hash);
  const grants = new Map<GrantId, Grant>();
  for (const file of await contentFiles(workspace.layers, 'policies/grants', '.json', 1)) {
    const place = { file: file.path };
    const content = await readJson(file.path, 'bad_grant');
    const grant = grantOf(stem(file), content, { workspace, clients, purposes }, place);
    grants.set(grant.id, grant);
    hash(`grants/${file.name}`, content);
  }
  const anchors = await readAnchors(workspace, hash);
  const known = {
    authorities: new Set<string>(workspace.authorities.keys()),
    purposes: new Set<string>(purposes.keys()),
    clients: new Set<string>(clients.keys()),
    datasets: new Set<string>(workspace.contracts.keys()),
  };
  const ruleFiles: RuleFile[] = [];
  for (const file of await contentFiles(workspace.layers, 'policies/rules', '/policy.cedar', 2)) {
    const text = await readFile(file.path, 'utf8').catch((cause: unknown) => {
      throw new YitongError('bad_policy', 'the file cannot be read', { place: { file: file.path }, cause });
    });
    ruleFiles.push({ topic: dirname(file.name), file: file.path, text });
    hash(`rules/${file.name}`, text);
  }
  const rules = readRules(ruleFiles, known, passed);
  const cases: CaseFile[] = [];
  for (const file of await contentFiles(workspace.layers, 'policies/rules', '/cases.json', 2)) {
    const content = casesFile(await readJson(file.path, 'bad_policy'), { file: file.path });
    cases.push({ topic: dirname(file.name), file: file.path, cases: content });
  }
  return { version: digest.digest('hex'), purposes, clients, grants, anchors, regions, rules, cases };
}
