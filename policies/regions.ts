/**
 * Regions: other installations with which this one has exchanged one file each way. A file of `policies/regions/`
 * holds what the other one exported, and beside it what is decided here: who may ask it for what, and whether it
 * counts. Its gateway is a client as another, which only a certificate under its own root can be.
 */
import { type Place, YitongError } from '../contracts/errors.js';
import type { AuthorityId, ClientId, PurposeId } from '../contracts/ids.js';
import type { Localised } from '../contracts/localised.js';
import { shape } from '../contracts/validate.js';
import { endOfDay, startOfDay } from './dates.js';
import type { Ask, CaseAccord, Client, Region, RegionOffer } from './types.js';

interface RegionFile {
  readonly status: 'active' | 'suspended';
  /** Which authority here answers for it: its gateway's accesses are counted with that one's. */
  readonly authority: string;
  readonly rate?: number;
  readonly asks: readonly Ask[];
  readonly cases?: readonly CaseAccord[];
  readonly offer: RegionOffer;
}

const text = { type: 'string', minLength: 1, maxLength: 400 } as const;
const texts = { type: 'array', items: text, uniqueItems: true, maxItems: 2000 } as const;
const someTexts = { ...texts, minItems: 1 } as const;
const name = { type: 'string', maxLength: 60, pattern: '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' } as const;
const day = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } as const;
const closed = (properties: object, optional: readonly string[] = []): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  properties,
});

const offer = closed(
  {
    format: { const: 'yitong-region/1' },
    region: name,
    name: closed({ zh: text, en: text }),
    ca: { type: 'string', minLength: 1, maxLength: 60_000 },
    spiffe: {
      type: 'string',
      maxLength: 2048,
      pattern: '^spiffe://[a-z0-9._-]+(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)+$',
    },
    api: {
      type: 'array',
      minItems: 1,
      maxItems: 8,
      uniqueItems: true,
      items: { type: 'string', maxLength: 300, pattern: '^https://[^/?#@\\s]+$' },
    },
    log: closed({ vkey: text, replicas: someTexts, witnesses: texts }),
    purposes: texts,
    datasets: texts,
    authorities: { type: 'object', maxProperties: 2000, additionalProperties: closed({ zh: text, en: text }) },
    signature: text,
  },
  ['authorities'],
);
/** What `yitong region export` wrote. @throws YitongError `bad_policy` */
export const regionOffer = shape<RegionOffer>(offer, 'bad_policy');

export const regionFile = shape<RegionFile>(
  closed(
    {
      status: { enum: ['active', 'suspended'] },
      authority: text,
      rate: { type: 'integer', minimum: 1 },
      asks: {
        type: 'array',
        maxItems: 1000,
        items: closed({
          clients: someTexts,
          purposes: someTexts,
          datasets: someTexts,
          delivery: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: ['query', 'verify'] } },
          from: day,
          until: day,
          legalBasis: someTexts,
        }),
      },
      cases: {
        type: 'array',
        maxItems: 1000,
        items: closed({
          way: { enum: ['out', 'in'] },
          bundles: someTexts,
          items: someTexts,
          from: day,
          until: day,
          legalBasis: someTexts,
        }),
      },
      offer,
    },
    ['rate', 'cases'],
  ),
  'bad_policy',
);

/** What grants name: the gateway of a region among the clients of this installation. */
export const regionClientId = (region: string): ClientId => `region-${region}` as ClientId;

/** What an authority of a region is called, as it says it. */
export function authorityThere(region: Region | undefined, authority: string, language: keyof Localised): string {
  const { name, authorities = {} } = region?.offer ?? {};
  const title = Object.hasOwn(authorities, authority) ? authorities[authority]?.[language] : undefined;
  return title ?? name?.[language] ?? (language === 'zh' ? '其他地区' : 'another region');
}

interface Known {
  readonly clients: ReadonlyMap<ClientId, Client>;
  readonly purposes: ReadonlyMap<PurposeId, unknown>;
  authority(id: string, place: Place): AuthorityId;
}

/**
 * A region, and its gateway as a client.
 * @throws YitongError `bad_policy`
 */
export function readRegion(
  id: string,
  content: RegionFile,
  known: Known,
  place: Place,
): { readonly region: Region; readonly client: Client } {
  const refuse = (message: string): never => {
    throw new YitongError('bad_policy', message, { place });
  };
  const { status, asks, cases = [], offer: offered, rate } = content;
  if (offered.region !== id) refuse(`the file is of region \`${offered.region}\`, and is called \`${id}\``);
  for (const ask of asks) {
    for (const client of ask.clients)
      if (!known.clients.has(client as ClientId)) refuse(`\`asks\` names \`${client}\`, which is no client`);
    for (const purpose of ask.purposes) {
      if (!known.purposes.has(purpose as PurposeId)) refuse(`\`asks\` names \`${purpose}\`, which is no purpose here`);
      if (!offered.purposes.includes(purpose))
        refuse(`\`asks\` names \`${purpose}\`, for which the region is not asked`);
    }
    for (const dataset of ask.datasets)
      if (!offered.datasets.includes(dataset)) refuse(`\`asks\` names \`${dataset}\`, which the region does not offer`);
  }
  // written so that a date that is none refuses
  for (const { from, until } of [...asks, ...cases])
    if (!(startOfDay(from) < endOfDay(until))) refuse('`from` is after `until`, or one is no date');
  const client: Client = {
    id: regionClientId(id),
    authority: known.authority(content.authority, place),
    name: offered.name,
    binding: { kind: 'spiffe', uri: offered.spiffe },
    status,
    region: id,
    ...(rate === undefined ? {} : { rate }),
  };
  return { region: { id, status, asks, cases, offer: offered }, client };
}

/** What somebody wants to ask a region. */
interface Wanted {
  readonly client: string;
  readonly purpose: string;
  readonly datasets: readonly string[];
  readonly delivery: 'query' | 'verify';
}

type AskDecision =
  | { readonly effect: 'allow'; readonly legalBasis: readonly string[] }
  | {
      readonly effect: 'deny';
      readonly reason: 'not_granted' | 'grant_expired' | 'grant_not_begun' | 'grant_suspended';
    };

/** Why not, of lines that say what is wanted; undefined where one of them is in force today. */
function whyNot(
  region: Region | undefined,
  lines: readonly { readonly from: string; readonly until: string }[],
  now: number,
): Extract<AskDecision, { effect: 'deny' }> | undefined {
  if (lines.length === 0) return { effect: 'deny', reason: 'not_granted' };
  if (region?.status !== 'active') return { effect: 'deny', reason: 'grant_suspended' };
  if (lines.some((line) => isInForce(line, now))) return undefined;
  const over = lines.some(({ until }) => now >= endOfDay(until));
  return { effect: 'deny', reason: over ? 'grant_expired' : 'grant_not_begun' };
}

const isInForce = ({ from, until }: { readonly from: string; readonly until: string }, now: number): boolean =>
  startOfDay(from) <= now && now < endOfDay(until);

/**
 * Whether an item of a case goes to a region (`out`), or comes from it (`in`): in a line of its file that names bundle
 * and item, and is in force today.
 */
export function decideCase(
  region: Region | undefined,
  { way, bundle, item }: { readonly way: CaseAccord['way']; readonly bundle: string; readonly item: string },
  now: number,
): AskDecision {
  const lines = (region?.cases ?? []).filter(
    (line) => line.way === way && line.bundles.includes(bundle) && line.items.includes(item),
  );
  const denied = whyNot(region, lines, now);
  if (denied !== undefined) return denied;
  const legalBasis = [...new Set(lines.flatMap((line) => (isInForce(line, now) ? line.legalBasis : [])))];
  return { effect: 'allow', legalBasis };
}

/**
 * Whether a region may be asked: each dataset must be in a line of its file that is of this client, purpose and way,
 * and in force today. A region that is not there is denied as one that nobody may ask.
 */
export function decideAsk(region: Region | undefined, wanted: Wanted, now: number): AskDecision {
  const basis = new Set<string>();
  for (const dataset of wanted.datasets) {
    const lines = (region?.asks ?? []).filter(
      ({ clients, purposes, datasets, delivery }) =>
        clients.includes(wanted.client) &&
        purposes.includes(wanted.purpose) &&
        datasets.includes(dataset) &&
        delivery.includes(wanted.delivery),
    );
    const denied = whyNot(region, lines, now);
    if (denied !== undefined) return denied;
    for (const line of lines.filter((one) => isInForce(one, now)).slice(0, 1))
      for (const law of line.legalBasis) basis.add(law);
  }
  return basis.size === 0 ? { effect: 'deny', reason: 'not_granted' } : { effect: 'allow', legalBasis: [...basis] };
}
