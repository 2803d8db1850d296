/**
 * What opens the other matters of sharing (政务数据共享条例): whom each concerns, and what of. A matter is between the
 * departments that its content leads to, and no others: nobody says whose matter it is.
 */
import { type Acts, forbidsProblem } from '../../../../contracts/acts.js';
import { dayOf } from '../../../../contracts/calendar.js';
import { checkContractFile } from '../../../../contracts/contract.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { authorityOf, type DatasetId } from '../../../../contracts/ids.js';
import { WHOLE } from '../../../../contracts/lifecycle/matter.js';
import { present } from '../../../../contracts/present.js';
import { areasOf, isOfRegion, placedBetween, type SharingPlaces } from '../../../../contracts/sharing-places.js';
import type { Contract, Workspace } from '../../../../contracts/types.js';
import { shape } from '../../../../contracts/validate.js';
import type { Grant, PolicySet } from '../../../../policies/types.js';
import { asJson } from '../../../ground/state/as-json.js';
import type { Json } from '../../../ground/state/port.js';
import type { MatterRules, Sides } from '../types.js';

/** A grant as matters know it, also once it has ended. */
export interface GrantOf {
  readonly id: string;
  readonly client: string;
  readonly dataset: string;
  /** The application that it came of, and its part; undefined: it is a file. */
  readonly application?: { readonly matter: string; readonly part: string };
}

export interface ConcernNeeds {
  readonly workspace: Pick<Workspace, 'authorities' | 'contracts'>;
  readonly places: SharingPlaces | undefined;
  readonly acts: Acts | undefined;
  /** In force now, with what is suspended. */
  readonly policies: () => Pick<PolicySet, 'grants' | 'clients' | 'purposes'>;
  readonly grant: (id: string) => Promise<GrantOf | undefined>;
}

const word = { type: 'string', minLength: 1, maxLength: 200 };
const words = { type: 'array', uniqueItems: true, minItems: 1, maxItems: 50, items: word };
const strict = (required: Readonly<Record<string, object>>, optional: Readonly<Record<string, object>> = {}) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(required),
  properties: { ...required, ...optional },
});
const reader = <T>(schema: object) => {
  const check = shape<T>(schema, 'act_incomplete');
  return (given: Json): T => check(given, { file: 'content' });
};
const incomplete = (what: string): never => {
  throw new YitongError('act_incomplete', what);
};

export interface OfEntry {
  readonly dataset: string;
  /** As `contract.json` will hold it, without what this matter finds: approval and assessments. */
  readonly contract: Readonly<Record<string, Json>>;
}
export interface OfService {
  readonly dataset: string;
  /** `contract`: a breaking version; `delivery`: ways of delivery that go; `end`: it is given no more. */
  readonly change: 'contract' | 'delivery' | 'end';
  /** Of a way of delivery that goes. */
  readonly delivery?: readonly string[];
}
export interface OfWidening {
  readonly grant: string;
  /** Added to those that the grant has. */
  readonly fields?: readonly string[];
  readonly purposes?: readonly string[];
  readonly areas?: readonly string[];
  /** To whom else the data are given; a contractor is one of them (Art.36). */
  readonly thirdParties?: readonly string[];
}
export interface OfArea {
  readonly dataset: string;
  readonly client: string;
  readonly purpose: string;
  /** The field of the dataset with the code of the area. */
  readonly field: string;
  readonly until: string;
}

const readGrant = reader<{ readonly grant: string }>(strict({ grant: word }));
const readElement = reader<{ readonly element: string; readonly authorities: readonly string[] }>(
  strict({ element: word, authorities: { ...words, minItems: 2 } }),
);
const readRecord = reader<{ readonly dataset: string; readonly recordId: string; readonly version?: string }>(
  strict({ dataset: word, recordId: { ...word, minLength: 0 } }, { version: word }),
);
const readEntry = reader<OfEntry>(strict({ dataset: word, contract: { type: 'object' } }));
const readService = reader<OfService>(
  strict({ dataset: word, change: { enum: ['contract', 'delivery', 'end'] } }, { delivery: words }),
);
const readWidening = reader<OfWidening>(
  strict({ grant: word }, { fields: words, purposes: words, areas: words, thirdParties: words }),
);
const readArea = reader<OfArea>(
  strict({ dataset: word, client: word, purpose: word, field: word, until: { type: 'string', format: 'date' } }),
);
const readDispute = reader<{ readonly grant?: string; readonly dataset?: string; readonly requester?: string }>(
  strict({}, { grant: word, dataset: word, requester: word }),
);
const readOrder = reader<{ readonly authority: string }>(strict({ authority: word }));

/** Who stands between two departments. @throws YitongError `act_refused` */
function between({ places, workspace }: ConcernNeeds, requester: string, provider: string) {
  if (places === undefined)
    throw new YitongError('act_refused', 'the workspace does not say who looks after sharing: contracts/sharing.json');
  return placedBetween(places, workspace, requester, provider);
}

function sidesBetween(needs: ConcernNeeds, requester: string, provider: string): Sides {
  const { authority, superior, government } = between(needs, requester, provider);
  return { requester, provider, authority, government, ...present({ superior }) };
}

const contractOf = ({ workspace }: ConcernNeeds, dataset: string): Contract =>
  workspace.contracts.get(dataset as DatasetId) ?? incomplete('`dataset` is none of the catalogue');

const clientAuthority = (needs: ConcernNeeds, client: string): string =>
  needs.policies().clients.get(client as never)?.authority ?? incomplete('the system of the grant is not known');

/** Grants of a dataset that can be asked under today, whether or not one is suspended. */
export const living = ({ policies }: Pick<ConcernNeeds, 'policies'>, dataset: string, now: number): readonly Grant[] =>
  [...policies().grants.values()].filter((grant) => grant.dataset === dataset && grant.until >= dayOf(now));

/** What is asked again of an entry that was assessed and approved elsewhere. */
const LATER = { role: '待定', date: '2000-01-01' };

function entryProblems({ acts }: ConcernNeeds, { contract }: OfEntry, now: number): readonly string[] {
  try {
    const { sharing } = checkContractFile(
      { ...contract, approval: LATER, assessments: { secrecy: LATER, personalInformation: LATER } },
      { file: 'content' },
    );
    if (sharing.refusal === undefined) return [];
    const problem =
      acts === undefined
        ? 'the workspace has no contracts/acts.json, so nobody knows which act keeps it from others'
        : forbidsProblem(sharing.refusal.legalBasis, acts, { from: dayOf(now) });
    return problem === undefined ? [] : [problem];
  } catch (error) {
    if (!isYitongError(error)) throw error;
    return [error.message];
  }
}

const uncoordinated = (what: string): never => {
  throw new YitongError('coordinator_unknown', what);
};

/**
 * A dispute within one level is its authority's; one across levels or areas its common superior's instead (Art.28).
 * Where the workspace does not say who that is none is opened, so that it comes to no other.
 */
function disputeSides(needs: ConcernNeeds, requester: string, provider: string): Sides {
  if (requester === provider) throw new YitongError('act_refused', 'a department has no dispute with itself');
  const { places, workspace } = needs;
  for (const one of [requester, provider])
    if (places !== undefined && areasOf(places, workspace, one).length === 0)
      uncoordinated(`contracts/sharing.json has no area of \`${one}\``);
  const { crossing, authority, superior, government } = between(needs, requester, provider);
  if (!crossing) return { requester, provider, authority, government };
  if (superior === undefined)
    return uncoordinated(`contracts/sharing.json has no area above both \`${requester}\` and \`${provider}\``);
  return { requester, provider, superior, government };
}

/**
 * Who was given the data of a grant. The gateway of another region asks for departments there, and an authority here
 * only answers for it: the dispute names which of them it is.
 */
function disputant(needs: ConcernNeeds, { client }: GrantOf, named: string | undefined): string {
  const own = clientAuthority(needs, client);
  const region = needs.policies().clients.get(client as never)?.region;
  if (region === undefined)
    return named === undefined || named === own ? own : incomplete('`requester` is another than whose grant it is');
  if (named === undefined) return incomplete('the grant is a region’s: `requester` names the department there');
  const { places, workspace } = needs;
  if (places === undefined || !isOfRegion(places, workspace, named, region))
    uncoordinated(`contracts/sharing.json does not say that \`${named}\` is of the region \`${region}\``);
  return named;
}

/** Parts, each of one department on one side. */
function partsOf(side: 'requester' | 'provider', authorities: readonly string[]) {
  return {
    parts: Object.fromEntries(authorities.map((one) => [one, ''])),
    sides: Object.fromEntries(authorities.map((one) => [one, { [side]: one }])),
  };
}

export function concerns(needs: ConcernNeeds): MatterRules['contents'] {
  const grantOf = async (id: string): Promise<GrantOf & { readonly sides: Sides }> => {
    const found = (await needs.grant(id)) ?? incomplete('`grant` is none that there is or was');
    const sides = sidesBetween(needs, clientAuthority(needs, found.client), authorityOf(found.dataset as DatasetId));
    return { ...found, sides };
  };
  const aboutGrant = ({ id, dataset, application }: GrantOf): readonly string[] => [
    `grant/${id}`,
    `dataset/${dataset}`,
    ...(application === undefined ? [] : [`application/${application.matter}`]),
  ];
  return {
    'of-grant': async (given) => {
      const { sides, ...grant } = await grantOf(readGrant(given).grant);
      return { content: asJson(grant), sides: { [WHOLE]: sides }, about: aboutGrant(grant) };
    },
    'of-element': (given) => {
      const { element, authorities } = readElement(given);
      const [first = ''] = authorities;
      for (const one of authorities)
        if (!needs.workspace.authorities.has(one as never)) incomplete('`authorities` names one that there is not');
      const { authority, government } = between(needs, first, first);
      const { parts, sides } = partsOf('provider', authorities);
      return {
        content: { element, authorities },
        parts,
        sides: { [WHOLE]: { authority, government }, ...sides },
        about: [`element/${element}`],
      };
    },
    'of-record': (given, { event, head }) => {
      const content = readRecord(given);
      // words about a record stand under its subject's key, and under no other
      if (head.subject === undefined) incomplete('a correction names the `subject` of the record');
      const requester = head.sides[WHOLE]?.requester ?? '';
      const provider = contractOf(needs, content.dataset).authority;
      if (requester === provider)
        throw new YitongError('act_refused', 'a department corrects its own records; nobody else is asked');
      const uses = living(needs, content.dataset, event.at).some(
        ({ client }) => needs.policies().clients.get(client)?.authority === requester,
      );
      if (!uses)
        throw new YitongError('act_refused', 'only a department that is given the dataset asks for a correction');
      return { content: asJson(content), sides: { [WHOLE]: sidesBetween(needs, requester, provider) } };
    },
    'of-entry': (given, { head, event }) => {
      const content = readEntry(given);
      const provider = head.sides[WHOLE]?.provider ?? '';
      if (authorityOf(content.dataset as DatasetId) !== provider)
        throw new YitongError('act_refused', 'a department writes its own entries');
      const problems = entryProblems(needs, content, event.at);
      if (problems.length > 0) incomplete(problems.join('; '));
      const { authority, government } = between(needs, provider, provider);
      return {
        content: asJson(content),
        sides: { [WHOLE]: { provider, authority, government } },
        about: [`dataset/${content.dataset}`],
      };
    },
    ...wider(needs, grantOf, aboutGrant),
    'of-dispute': async (given) => {
      const { grant, dataset, requester } = readDispute(given);
      if (grant !== undefined) {
        const found = await grantOf(grant);
        const sides = disputeSides(needs, disputant(needs, found, requester), found.sides.provider ?? '');
        return { content: { grant }, sides: { [WHOLE]: sides }, about: aboutGrant(found) };
      }
      if (dataset === undefined || requester === undefined)
        return incomplete('a dispute is about a `grant`, or about a `dataset` that a `requester` wants');
      const sides = disputeSides(needs, requester, contractOf(needs, dataset).authority);
      return { content: { dataset, requester }, sides: { [WHOLE]: sides }, about: [`dataset/${dataset}`] };
    },
    'of-order': (given, { event }) => {
      const { authority: whom } = readOrder(given);
      const content = { authority: whom };
      const about = [`authority/${whom}`];
      if (event.act === 'order-authority') {
        const area = Object.values(needs.places?.areas ?? {}).find(({ authority }) => authority === whom);
        if (area === undefined) return incomplete('`authority` looks after sharing nowhere');
        const above = area.above === undefined ? undefined : needs.places?.areas[area.above]?.authority;
        const sides = { authority: whom, government: area.government, ...present({ superior: above }) };
        return { content, sides: { [WHOLE]: sides }, about };
      }
      const side = event.act === 'order-requester' ? 'requester' : 'provider';
      const { authority, government } = between(needs, whom, whom);
      return { content, sides: { [WHOLE]: { [side]: whom, authority, government } }, about };
    },
  };
}

/** Of grants that change or come to be otherwise than by an application. */
function wider(
  needs: ConcernNeeds,
  grantOf: (id: string) => Promise<GrantOf & { readonly sides: Sides }>,
  aboutGrant: (grant: GrantOf) => readonly string[],
): MatterRules['contents'] {
  return {
    'of-widening': async (given) => {
      const content = readWidening(given);
      const { sides, ...grant } = await grantOf(content.grant);
      if (grant.application === undefined)
        throw new YitongError(
          'act_refused',
          'the grant is a file: it is widened in its file, once the provider agrees',
        );
      const { fields = [], purposes = [], areas = [], thirdParties = [] } = content;
      if (fields.length + purposes.length + areas.length + thirdParties.length === 0)
        incomplete('a widening says what is to be wider: `fields`, `purposes`, `areas`, `thirdParties`');
      const known = new Set(contractOf(needs, grant.dataset).latest.fields.map(({ path }) => String(path)));
      if (fields.some((path) => !known.has(path))) incomplete('`fields` names one that the dataset has not');
      if (purposes.some((one) => !needs.policies().purposes.has(one as never)))
        incomplete('`purposes` names one that there is not');
      return { content: asJson(content), sides: { [WHOLE]: sides }, about: aboutGrant(grant) };
    },
    'of-service': (given, { event, head }) => {
      const content = readService(given);
      const contract = contractOf(needs, content.dataset);
      const provider = head.sides[WHOLE]?.provider ?? '';
      if (contract.authority !== provider)
        throw new YitongError('act_refused', 'a department changes its own services');
      if ((content.change === 'delivery') !== (content.delivery !== undefined))
        incomplete('`delivery` names the ways that go, where ways of delivery go');
      const requesters = new Set(
        living(needs, contract.id, event.at).flatMap(
          ({ client }) => needs.policies().clients.get(client)?.authority ?? [],
        ),
      );
      requesters.delete(contract.authority);
      if (requesters.size === 0)
        throw new YitongError(
          'act_refused',
          'no other department is given the dataset: there is nobody to negotiate with',
        );
      const { authority, government } = between(needs, provider, provider);
      const { parts, sides } = partsOf('requester', [...requesters].sort());
      return {
        content: asJson(content),
        parts,
        sides: { [WHOLE]: { provider, authority, government }, ...sides },
        about: [`dataset/${contract.id}`],
      };
    },
    'of-area': (given, { head }) => {
      const content = readArea(given);
      const requester = head.sides[WHOLE]?.requester ?? '';
      const { authority: provider, latest } = contractOf(needs, content.dataset);
      if (clientAuthority(needs, content.client) !== requester)
        throw new YitongError('act_refused', 'the system is another department’s');
      if (!latest.fields.some(({ path, branch }) => path === content.field && !branch))
        incomplete('`field` is none of the dataset');
      if (!needs.policies().purposes.has(content.purpose as never)) incomplete('`purpose` is none that there is');
      if (!isBelow(needs, requester, provider))
        throw new YitongError('act_refused', 'data flow back to a lower level, for its own area (Art.24)');
      return {
        content: asJson(content),
        sides: { [WHOLE]: sidesBetween(needs, requester, provider) },
        about: [`dataset/${content.dataset}`],
      };
    },
  };
}

const areaOf = ({ workspace }: ConcernNeeds, authority: string): string | undefined =>
  workspace.authorities.get(authority as never)?.area;

function isBelow(needs: ConcernNeeds, lower: string, upper: string): boolean {
  const areas = needs.places?.areas ?? {};
  const top = areaOf(needs, upper);
  for (let at = areas[areaOf(needs, lower) ?? '']?.above; at !== undefined; at = areas[at]?.above)
    if (at === top) return true;
  return false;
}

/** The area of a department, whose rows flow back to it. @throws YitongError `act_refused` */
export function ownArea(needs: Pick<ConcernNeeds, 'workspace'>, authority: string): string {
  const area = needs.workspace.authorities.get(authority as never)?.area;
  if (area === undefined) throw new YitongError('act_refused', 'the department has no area');
  return area;
}
