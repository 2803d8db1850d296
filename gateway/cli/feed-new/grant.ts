/** A grant on a new dataset, so that somebody can ask at once; its client and purpose where they are not there yet. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Proposal } from '../../../connectors/propose/propose.js';
import type { NewFile } from '../../../connectors/propose/write.js';
import { YitongError } from '../../../contracts/errors.js';
import { readJson } from '../../../contracts/files.js';
import { authorityOf, clientId, type DatasetId, datasetNameOf, purposeId } from '../../../contracts/ids.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadPolicies } from '../../../policies/load.js';
import { type GrantFile, type PurposesFile, purposesFile } from '../../../policies/shapes.js';
import { spiffeOf } from '../../operate/pki/authority.js';

export interface Asked {
  readonly client: string;
  readonly purpose: string;
  readonly legalBasis: string | undefined;
}

export interface GrantPlan {
  readonly files: readonly NewFile[];
  /** `policies/purposes.json` with the new purpose in it; undefined where nothing has to be added. */
  readonly purposes: PurposesFile | undefined;
  readonly fields: readonly string[];
  readonly notGranted: readonly string[];
  readonly newClient: boolean;
}

const PURPOSES = 'policies/purposes.json';

/** `CLIENT:PURPOSE` @throws YitongError `bad_config`, `bad_identifier` */
export function parseGrant(text: string, legalBasis: string | undefined): Asked {
  const [client = '', purpose = '', ...rest] = text.split(':');
  if (client === '' || purpose === '' || rest.length > 0)
    throw new YitongError('bad_config', `\`--grant\` is written CLIENT:PURPOSE, not \`${text}\``);
  return { client: clientId(client), purpose: purposeId(purpose), legalBasis };
}

/** The grant gives what is not personal; where all is, only whether there is a record. A year from today. */
export function grantOf(
  { fields, draft, subjectField }: Proposal,
  { client, purpose }: Asked,
  legalBasis: readonly string[],
  now: Date,
): { readonly grant: GrantFile; readonly notGranted: readonly string[] } {
  const open = fields
    .filter(({ classification }) => classification === 'public' || classification === 'internal')
    .map(({ field }) => field);
  const day = (date: Date): string => date.toISOString().slice(0, 10);
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + 1);
  return {
    grant: {
      client,
      dataset: draft.contract.id,
      fields: open.length > 0 ? open : [{ path: subjectField, as: 'exists' }],
      rows: { all: true },
      purposes: [purpose],
      delivery: ['query'],
      from: day(now),
      until: day(until),
      legalBasis,
      requires: [],
      subjectNotice: { mode: 'immediate' },
      status: 'active',
    },
    notGranted: fields.map(({ field }) => field).filter((field) => !open.includes(field)),
  };
}

/** Named after all that it is of: two authorities may have a dataset of one name. */
export const grantPath = (client: string, dataset: DatasetId): string =>
  `policies/grants/${client}-${authorityOf(dataset)}-${datasetNameOf(dataset)}.json`;

/**
 * What must be known before a grant can be written; needs nothing of the source, so it is asked before that is read.
 * @throws YitongError `bad_config` where a new purpose has no legal basis
 */
export async function checkAsked(
  workspace: Workspace,
  asked: Asked,
): Promise<{ readonly newClient: boolean; readonly newPurpose: boolean; readonly legalBasis: readonly string[] }> {
  const policies = await loadPolicies(workspace);
  const purpose = [...policies.purposes.values()].find(({ id }) => id === asked.purpose);
  const legalBasis = asked.legalBasis === undefined ? purpose?.legalBasis : [asked.legalBasis];
  if (legalBasis === undefined) {
    throw new YitongError(
      'bad_config',
      `there is no purpose \`${asked.purpose}\` (there are ` +
        `${[...policies.purposes.keys()].join(', ') || 'none'}); a new one needs its \`--legal-basis\``,
    );
  }
  return {
    newClient: ![...policies.clients.values()].some(({ id }) => id === asked.client),
    newPurpose: purpose === undefined,
    legalBasis,
  };
}

/** @throws YitongError `bad_config` where a new purpose has no legal basis */
export async function planGrant(workspace: Workspace, proposal: Proposal, asked: Asked, now: Date): Promise<GrantPlan> {
  const { draft } = proposal;
  const { newClient, newPurpose, legalBasis } = await checkAsked(workspace, asked);
  const { grant, notGranted } = grantOf(proposal, asked, legalBasis, now);
  const path = grantPath(asked.client, draft.contract.id);
  const files: NewFile[] = [{ path, content: grant }];
  if (newClient) {
    const { authority } = draft.contract;
    files.push({
      path: `policies/clients/${asked.client}.json`,
      content: {
        authority,
        name: { zh: asked.client, en: asked.client },
        identity: { spiffe: spiffeOf(asked.client) },
        status: 'active',
      },
    });
  }
  let purposes: PurposesFile | undefined;
  if (newPurpose) {
    const file = join(workspace.dir, PURPOSES);
    const own = existsSync(file) ? purposesFile(await readJson(file, 'bad_policy'), { file }) : {};
    purposes = { ...own, [asked.purpose]: { name: { zh: asked.purpose, en: asked.purpose }, legalBasis } };
  }
  return {
    files,
    purposes,
    fields: grant.fields.map((field) => (typeof field === 'string' ? field : field.path)),
    notGranted,
    newClient,
  };
}

export const PURPOSES_FILE = PURPOSES;
