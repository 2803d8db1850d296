/**
 * Who looks after sharing in which area: `contracts/sharing.json`. An authority is of the area that its file names; its
 * sharing authority (同级政务数据共享主管部门), the government of that level and the area above stand here.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { localisedSchema } from './contract.js';
import { YitongError } from './errors.js';
import { readJson } from './files.js';
import type { AuthorityId } from './ids.js';
import type { Localised, Workspace } from './types.js';
import { shape } from './validate.js';

interface Area {
  /** An authority of the workspace, or one of `bodies`. */
  readonly authority: string;
  readonly government: string;
  /** The area that this one belongs to. */
  readonly above?: string;
}

export interface SharingPlaces {
  readonly areas: Readonly<Record<string, Area>>;
  /** Those that provide no data: a government, a sharing authority above. */
  readonly bodies: Readonly<Record<string, Localised>>;
}

const word = { type: 'string', pattern: '^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$', maxLength: 60 };
const code = { type: 'string', pattern: '^[0-9A-Za-z-]{1,20}$' };
const check = shape<SharingPlaces>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['areas', 'bodies'],
    properties: {
      areas: {
        type: 'object',
        propertyNames: code,
        additionalProperties: {
          type: 'object',
          additionalProperties: false,
          required: ['authority', 'government'],
          properties: { authority: word, government: word, above: code },
        },
      },
      bodies: { type: 'object', propertyNames: word, additionalProperties: localisedSchema },
    },
  },
  'bad_workspace',
);

/** Undefined: the workspace says nothing of it, and no matter between departments is opened in it. */
export async function loadSharingPlaces({
  layers,
  authorities,
}: Pick<Workspace, 'layers' | 'authorities'>): Promise<SharingPlaces | undefined> {
  const file = layers.map((layer) => join(layer, 'contracts', 'sharing.json')).find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const place = { file };
  const places = check(await readJson(file, 'bad_workspace'), place);
  const refuse = (what: string): never => {
    throw new YitongError('bad_workspace', what, { place });
  };
  for (const [area, { authority, government, above }] of Object.entries(places.areas)) {
    for (const id of [authority, government])
      if (!authorities.has(id as AuthorityId) && !Object.hasOwn(places.bodies, id))
        refuse(`\`areas.${area}\` names \`${id}\`, which is no authority and none of \`bodies\``);
    const seen = new Set([area]);
    for (let next = above; next !== undefined; next = places.areas[next]?.above) {
      if (!Object.hasOwn(places.areas, next)) refuse(`\`areas.${area}.above\` names the unknown area \`${next}\``);
      if (seen.has(next)) refuse(`\`areas.${area}\` is above itself`);
      seen.add(next);
    }
  }
  return places;
}

interface PlacedSides {
  readonly authority: string;
  readonly government: string;
  /** The sharing authority above both, and its government; undefined where there is none. */
  readonly superior?: string;
  /** They are not of one area: across levels or areas (政务数据共享条例 Art.28). */
  readonly crossing: boolean;
}

/**
 * Who is what between two departments: the sharing authority is that of the provider's level, the superior the nearest
 * one above both.
 * @throws YitongError `act_refused` where an authority's area is not looked after by anybody
 */
export function placedBetween(
  { areas }: SharingPlaces,
  { authorities }: Pick<Workspace, 'authorities'>,
  requester: string,
  provider: string,
): PlacedSides {
  const chain = (authority: string): readonly string[] => {
    const own = authorities.get(authority as AuthorityId)?.area;
    const found: string[] = [];
    for (let next = own; next !== undefined && Object.hasOwn(areas, next); next = areas[next]?.above) found.push(next);
    if (found.length === 0)
      throw new YitongError('act_refused', `contracts/sharing.json has no area of the authority \`${authority}\``);
    return found;
  };
  const [asking, giving] = [chain(requester), chain(provider)];
  const own = areas[giving[0] ?? ''];
  if (own === undefined) throw new YitongError('internal', 'an area is gone');
  const crossing = asking[0] !== giving[0];
  const common = crossing ? giving.find((area) => asking.includes(area)) : own.above;
  const above = common === undefined ? undefined : areas[common];
  return {
    authority: own.authority,
    government: crossing && above !== undefined ? above.government : own.government,
    ...(above === undefined ? {} : { superior: above.authority }),
    crossing,
  };
}
