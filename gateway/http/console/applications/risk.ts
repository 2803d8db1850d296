/**
 * What a provider looks at before it answers: how sensitive the fields are, how many subjects are reached, what the
 * applicant holds of the same subjects already and what both reveal together, who has the like, and how many calls a
 * day there would be. It says what is so; it decides nothing. Pure.
 */
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import { CLASSIFICATIONS, type Classification, type Contract, type FieldInfo } from '../../../../contracts/types.js';
import { endOfDay } from '../../../../policies/dates.js';
import type { Grant, PolicySet, RowPredicate } from '../../../../policies/types.js';
import { grantsBeyond } from '../../../../policies/volume.js';

/** One dataset of an application, as far as its risk goes. */
interface Asked {
  readonly contract: Contract;
  readonly fields: readonly string[];
  readonly rows: RowPredicate;
  readonly purpose: string;
  readonly client: string;
  readonly callsADay: number;
}

interface RiskGround {
  readonly policies: Pick<PolicySet, 'grants' | 'clients'>;
  readonly contracts: ReadonlyMap<string, Contract>;
  /** Records that the dataset has now. */
  readonly records: number;
  /** Calls of today that are counted, by grant; undefined: nobody knows. */
  readonly calls?: ReadonlyMap<string, number> | undefined;
  /** ms since 1970 */
  readonly now: number;
}

interface Held {
  readonly grant: Grant;
  readonly dataset: Localised;
  /** Titles of its fields that are personal or more. */
  readonly personal: readonly Localised[];
}

interface Alike {
  readonly grant: Grant;
  readonly client: Localised;
  readonly fields: number;
  /** Whether it is for the same purpose. */
  readonly samePurpose: boolean;
}

export interface Risk {
  readonly level: 'low' | 'middle' | 'high';
  /** Fields that are asked for, the most sensitive first. */
  readonly classes: readonly (readonly [Classification, readonly Localised[]])[];
  readonly records: number;
  readonly persons: boolean;
  /** Only some of the records. */
  readonly limited: boolean;
  /** What the applicant's authority holds of the same kind of subject, of other datasets. */
  readonly held: readonly Held[];
  /** What only both together tell of one subject; empty where neither is personal. */
  readonly together: readonly Localised[];
  readonly alike: readonly Alike[];
  /** Fields that nobody else has of this dataset. */
  readonly unusual: readonly Localised[];
  readonly calls: {
    readonly asked: number;
    /** That all grants of the dataset have already; those without a volume are not in it. */
    readonly granted: number;
    /** What the applicant's authority has of this dataset already, and what of it was used today. */
    readonly own: { readonly grants: number; readonly calls: number; readonly used?: number };
    /** Grants of the dataset that have no volume, so that nobody knows how many calls there may be. */
    readonly open: number;
    /** Calls a day beyond which a person decides; absent: the provider set none. */
    readonly perClient?: number;
    readonly total?: number;
    readonly beyond: boolean;
  };
}

const rank = (classification: Classification): number => CLASSIFICATIONS.indexOf(classification);
const PERSONAL = rank('personal');
const RESTRICTED = rank('restricted');

/** What is given where these paths are granted: they, and what stands below them. */
function given(contract: Contract, paths: readonly string[]): readonly FieldInfo[] {
  return contract.latest.fields.filter(({ path, branch }) => !branch && paths.some((one) => covers(one, path)));
}

const covers = (granted: string, path: string): boolean =>
  path === granted || path.startsWith(`${granted}.`) || path.startsWith(`${granted}[]`);

const inForce = (grant: Grant, now: number): boolean => grant.status === 'active' && now < endOfDay(grant.until);

function heldBy(asked: Asked, { policies, contracts, now }: RiskGround): readonly Held[] {
  const authority = policies.clients.get(asked.client as never)?.authority;
  const found: Held[] = [];
  for (const grant of policies.grants.values()) {
    const contract = contracts.get(grant.dataset);
    const mine = grant.client === asked.client || policies.clients.get(grant.client)?.authority === authority;
    if (!mine || authority === undefined || contract === undefined || !inForce(grant, now)) continue;
    if (contract.id === asked.contract.id || contract.subject.scheme !== asked.contract.subject.scheme) continue;
    const personal = given(
      contract,
      grant.fields.map(({ path }) => path),
    ).filter(({ classification }) => rank(classification) >= RESTRICTED);
    found.push({ grant, dataset: contract.name, personal: personal.map(({ title }) => title) });
  }
  return found;
}

function alikeOf(asked: Asked, { policies, now }: RiskGround): readonly Alike[] {
  return [...policies.grants.values()]
    .filter((grant) => grant.dataset === asked.contract.id && inForce(grant, now))
    .map((grant) => ({
      grant,
      client: policies.clients.get(grant.client)?.name ?? { zh: '未登记的应用', en: grant.client },
      fields: given(
        asked.contract,
        grant.fields.map(({ path }) => path),
      ).length,
      samePurpose: grant.purposes.some((one) => one === asked.purpose),
    }))
    .sort((a, b) => Number(b.samePurpose) - Number(a.samePurpose));
}

function classesOf(fields: readonly FieldInfo[]): Risk['classes'] {
  return [...CLASSIFICATIONS]
    .reverse()
    .map((one): readonly [Classification, readonly Localised[]] => [
      one,
      fields.filter(({ classification }) => classification === one).map(({ title }) => title),
    ])
    .filter(([, titles]) => titles.length > 0);
}

const summed = (grants: readonly Grant[]): number => grants.reduce((sum, { callsADay = 0 }) => sum + callsADay, 0);

/** Volumes against the thresholds of the dataset, with what is asked for among the others. */
function callsOf({ contract, client, callsADay }: Asked, { policies, calls, now }: RiskGround): Risk['calls'] {
  const authority = policies.clients.get(client as never)?.authority;
  const alike = [...policies.grants.values()].filter((one) => one.dataset === contract.id && inForce(one, now));
  const own = alike.filter(
    (one) =>
      one.client === client || (authority !== undefined && policies.clients.get(one.client)?.authority === authority),
  );
  const wanted = { client: client as Grant['client'], dataset: contract.id, callsADay, status: 'active' as const };
  const { perConsumer: perClient, total } = contract.sharing.volume ?? {};
  return {
    asked: callsADay,
    granted: summed(alike),
    own: {
      grants: own.length,
      calls: summed(own),
      ...present({
        used: calls === undefined ? undefined : own.reduce((sum, { id }) => sum + (calls.get(id) ?? 0), 0),
      }),
    },
    open: alike.filter((one) => one.callsADay === undefined).length,
    ...present({ perClient, total }),
    beyond: grantsBeyond([contract], [...alike, wanted]).some(
      (one) => one.client === undefined || one.client === client,
    ),
  };
}

export function riskOf(asked: Asked, ground: RiskGround): Risk {
  const { contract, fields, rows } = asked;
  const { records } = ground;
  const leaves = given(contract, fields);
  const worst = Math.max(0, ...leaves.map(({ classification }) => rank(classification)));
  const held = heldBy(asked, ground);
  const alike = alikeOf(asked, ground);
  const known = alike.flatMap(({ grant }) => grant.fields.map(({ path }) => path as string));
  const unusual = leaves.filter(({ path }) => !known.some((one) => covers(one, path))).map(({ title }) => title);
  const own = leaves.filter(({ classification }) => rank(classification) >= RESTRICTED).map(({ title }) => title);
  const others = [...new Map(held.flatMap((one) => one.personal).map((title) => [title.zh, title])).values()];
  const calls = callsOf(asked, ground);
  const { beyond } = calls;
  const level =
    worst >= rank('sensitive') || (worst >= PERSONAL && (others.length > 0 || beyond))
      ? 'high'
      : worst >= RESTRICTED || beyond
        ? 'middle'
        : 'low';
  return {
    level,
    classes: classesOf(leaves),
    records,
    persons: contract.subject.persons,
    limited: rows.kind !== 'all',
    held,
    together: own.length > 0 && others.length > 0 ? [...own, ...others] : [],
    alike,
    unusual,
    calls,
  };
}
