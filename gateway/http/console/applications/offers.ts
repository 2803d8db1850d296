/** Datasets of the catalogue as whoever applies chooses them, and a draft as it is written. */

import type { Contract, Localised } from '../../../../contracts/types.js';
import { dateOf } from '../../../../policies/dates.js';
import type { PolicySet } from '../../../../policies/types.js';
import type { Application, AskedDataset as AskedPart } from '../../../procedures/sharing/application.js';
import type { OpenedMatter } from '../../../procedures/sharing/types.js';
import { missingOf, rowsOf, textsOf } from './content.js';
import type { Desk } from './desk.js';
import type { DraftDataset, DraftProps } from './draft-page.js';
import { namesFor } from './reading.js';
import { sampleOf } from './sample.js';
import { type Readers, smallestSet } from './smallest.js';
import type { OnOffer } from './views.js';

const usersOf = (contract: Contract, { grants }: Pick<PolicySet, 'grants'>) =>
  [...grants.values()].filter(({ dataset }) => dataset === contract.id);

/** What fits, what the purpose usually needs in front. */
export async function offersFor(
  { context, workspace }: Desk,
  readers: Readers,
  {
    purpose,
    q,
    own,
    without,
  }: {
    readonly purpose: string;
    readonly q: string;
    readonly own: string | undefined;
    readonly without: readonly string[];
  },
  page: { readonly from: number; readonly to: number },
): Promise<{ readonly found: number; readonly offers: readonly OnOffer[] }> {
  const names = namesFor(context);
  const word = q.trim().toLowerCase();
  const fits = (contract: Contract): boolean => {
    const { name, description, latest, authority } = contract;
    const provider = names.authority(authority);
    return [contract.id, name.zh, name.en, description.zh, description.en, provider.zh, provider.en]
      .concat(latest.fields.flatMap(({ title }) => [title.zh, title.en]))
      .some((one) => one.toLowerCase().includes(word));
  };
  // its key alone is what any use needs
  const usual = (contract: Contract): boolean => purpose !== '' && smallestSet(contract, purpose, readers).size > 1;
  const all = [...workspace.contracts.values()]
    .filter(({ id, authority }) => authority !== own && !without.some((one) => one === id))
    .filter((contract) => word === '' || fits(contract))
    .map((contract) => ({ contract, usual: usual(contract) }))
    .sort((a, b) => Number(b.usual) - Number(a.usual) || (a.contract.id < b.contract.id ? -1 : 1));
  const offers = await Promise.all(
    all.slice(page.from, page.to).map(async ({ contract, usual: needs }): Promise<OnOffer> => {
      const { attribute, refusal, conditions } = contract.sharing;
      return {
        id: contract.id,
        title: contract.name,
        description: contract.description,
        provider: names.authority(contract.authority),
        attribute,
        ...(refusal === undefined ? {} : { refusal: { reason: refusal.reason, basis: refusal.legalBasis } }),
        ...(conditions === undefined ? {} : { conditions }),
        records: context.view.datasetState(contract.id).records,
        users: new Set(usersOf(contract, readers.policies).map(({ client }) => client)).size,
        usual: needs,
        sample: await sampleOf(contract, workspace),
      };
    }),
  );
  return { found: all.length, offers };
}

const AS_CASES_COME: Localised = { zh: '办件时实时查询', en: 'as cases come' };

/** A dataset as it stands in a new draft: the smallest set is picked, with why. */
export function proposed(
  contract: Contract,
  { purpose, client }: { readonly purpose: string; readonly client: string },
  readers: Readers,
  now: number,
): AskedPart {
  const smallest = smallestSet(contract, purpose, readers);
  return {
    dataset: contract.id,
    fields: [...smallest].map(([path, why]) => ({ path, as: 'value', reason: (why[0]?.zh ?? '').slice(0, 300) })),
    rows: { all: true },
    delivery: contract.sharing.delivery.filter((one) => one === 'query'),
    // as its way is: whoever applies says otherwise where it is otherwise
    frequency: AS_CASES_COME.zh,
    from: dateOf(now),
    systems: [client],
    contractors: [],
  };
}

/** The words are what an application holds. */
const FREQUENCIES = [
  AS_CASES_COME,
  { zh: '每日', en: 'daily' },
  { zh: '每周', en: 'weekly' },
  { zh: '每月', en: 'monthly' },
  { zh: '一次性', en: 'once' },
];

async function draftDataset(
  desk: Desk,
  readers: Readers,
  application: Application,
  part: AskedPart,
): Promise<DraftDataset | undefined> {
  const { context, workspace, contractOf } = desk;
  const contract = contractOf(part.dataset);
  if (contract === undefined) return undefined;
  const names = namesFor(context);
  const smallest = smallestSet(contract, application.purposes?.[0] ?? '', readers);
  const picked = new Map((part.fields ?? []).map((one) => [one.path, one]));
  const { attribute, conditions, delivery } = contract.sharing;
  const rows = rowsOf(part);
  const leaves = contract.latest.fields.filter(({ branch, path }) => !branch || smallest.has(path));
  return {
    id: contract.id,
    title: contract.name,
    description: contract.description,
    provider: names.authority(contract.authority),
    attribute,
    ...(conditions === undefined ? {} : { conditions }),
    records: context.view.datasetState(contract.id).records,
    users: usersOf(contract, readers.policies).map(({ client, fields, purposes }) => ({
      name: names.client(client),
      fields: fields.length,
      same: purposes.some((one) => one === application.purposes?.[0]),
    })),
    sample: await sampleOf(contract, workspace),
    fields: leaves.map(({ path, title, classification }) => {
      const own = picked.get(path);
      const needed = smallest.get(path);
      return {
        path,
        title,
        classification,
        picked: own !== undefined,
        as: own?.as ?? 'value',
        reason: own?.reason ?? '',
        ...(needed === undefined ? {} : { needed }),
      };
    }),
    ways: delivery,
    areaFields: contract.latest.fields
      .filter(({ codelist, branch, path }) => codelist === 'areas' && !branch && !path.includes('[]'))
      .map(({ path, title }) => ({ path, title })),
    values: {
      areaField: rows.kind === 'area' ? rows.field : '',
      areas: rows.kind === 'area' ? rows.areas.join(' ') : '',
      frequency: part.frequency ?? '',
      callsADay: part.callsADay === undefined ? '' : String(part.callsADay),
      batchLimit: part.batchLimit === undefined ? '' : String(part.batchLimit),
      from: part.from ?? '',
      until: part.until ?? '',
    },
    delivery: part.delivery ?? [],
  };
}

export async function draftProps(
  desk: Desk,
  matter: Pick<OpenedMatter, 'head'>,
  application: Application,
  told: boolean,
  systems: DraftProps['systems'],
  language: DraftProps['language'],
): Promise<DraftProps> {
  const { context } = desk;
  const names = namesFor(context);
  const readers = await desk.readers();
  const datasets = await Promise.all(
    application.datasets.map((part) => draftDataset(desk, readers, application, part)),
  );
  const purpose = application.purposes?.[0] ?? '';
  const [first] = application.datasets;
  return {
    language,
    id: matter.head.id,
    client: names.client(first?.systems?.[0] ?? ''),
    purpose: names.purpose(purpose),
    bases: [...(context.inForce().policies.purposes.get(purpose as never)?.legalBasis ?? [])],
    chosenBases: application.basis ?? [],
    values: textsOf(application),
    truthful: application.truthful === true,
    systems,
    chosenSystems: first?.systems ?? [],
    datasets: datasets.flatMap((one) => one ?? []),
    missing: missingOf(application),
    told,
    frequencies: [
      { value: '', title: { zh: '请选择', en: 'choose' } },
      ...FREQUENCIES.map((title) => ({ value: title.zh, title })),
    ],
  };
}
