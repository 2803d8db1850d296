/**
 * Who looks after sharing in which area: `contracts/sharing.json`. An authority is of the area that its file names, a
 * body of that which stands here; its sharing authority (同级政务数据共享主管部门), the government of that level and the
 * area above stand here as well.
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
  /**
   * Its authority counts as the common superior between its own level and levels below it as well. Without it that is
   * the nearest one above both.
   */
  readonly acrossLevels?: boolean;
  /** Another installation answers for it, and what lies below: which region. */
  readonly region?: string;
}

/** One that provides no data here. */
interface Body extends Localised {
  /** Of a department: where. A government and a sharing authority are named by their area. */
  readonly area?: string;
}

export interface SharingPlaces {
  readonly areas: Readonly<Record<string, Area>>;
  /** Those that provide no data: a government, a sharing authority above, a department of another area. */
  readonly bodies: Readonly<Record<string, Body>>;
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
          properties: {
            authority: word,
            government: word,
            above: code,
            acrossLevels: { type: 'boolean' },
            region: word,
          },
        },
      },
      bodies: {
        type: 'object',
        propertyNames: word,
        additionalProperties: { ...localisedSchema, properties: { ...localisedSchema.properties, area: code } },
      },
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
  for (const [body, { area }] of Object.entries(places.bodies))
    if (area !== undefined && !Object.hasOwn(places.areas, area))
      refuse(`\`bodies.${body}.area\` names the unknown area \`${area}\``);
  return places;
}

type Known = Pick<Workspace, 'authorities'>;

/** Areas of an authority or a body: its own, then each above. None where nobody looks after sharing in its own. */
export function areasOf({ areas, bodies }: SharingPlaces, { authorities }: Known, who: string): readonly string[] {
  const own = authorities.get(who as AuthorityId)?.area ?? (Object.hasOwn(bodies, who) ? bodies[who]?.area : undefined);
  const found: string[] = [];
  for (let next = own; next !== undefined && Object.hasOwn(areas, next); next = areas[next]?.above) found.push(next);
  return found;
}

/** Whether somebody is of an area for which that region's installation answers. */
export const isOfRegion = (places: SharingPlaces, known: Known, who: string, region: string): boolean =>
  areasOf(places, known, who).some((area) => places.areas[area]?.region === region);

/**
 * The area whose authority is superior to both (共同的上级): the nearest above both. One that is the own of either is
 * only where the workspace says so.
 */
function commonArea(
  { areas }: SharingPlaces,
  asking: readonly string[],
  giving: readonly string[],
): string | undefined {
  const shared = giving.find((area) => asking.includes(area));
  if (shared === undefined) return undefined;
  const isAbove = shared !== asking[0] && shared !== giving[0];
  return isAbove || areas[shared]?.acrossLevels === true ? shared : areas[shared]?.above;
}

interface PlacedSides {
  readonly authority: string;
  readonly government: string;
  /** The sharing authority superior to both, whose government then is `government`; undefined where there is none. */
  readonly superior?: string;
  /** They are not of one area: across levels or areas (政务数据共享条例 Art.28). */
  readonly crossing: boolean;
}

/**
 * Who is what between two departments: the sharing authority is that of the provider's level, the superior the nearest
 * one above both.
 * @throws YitongError `act_refused` where an authority's area is not looked after by anybody
 */
export function placedBetween(places: SharingPlaces, known: Known, requester: string, provider: string): PlacedSides {
  const { areas } = places;
  const placed = (who: string): readonly string[] => {
    const found = areasOf(places, known, who);
    if (found.length === 0)
      throw new YitongError('act_refused', `contracts/sharing.json has no area of the authority \`${who}\``);
    return found;
  };
  const [asking, giving] = [placed(requester), placed(provider)];
  const own = areas[giving[0] ?? ''];
  if (own === undefined) throw new YitongError('internal', 'an area is gone');
  const crossing = asking[0] !== giving[0];
  const common = crossing ? commonArea(places, asking, giving) : own.above;
  const above = common === undefined ? undefined : areas[common];
  return {
    authority: own.authority,
    government: crossing && above !== undefined ? above.government : own.government,
    ...(above === undefined ? {} : { superior: above.authority }),
    crossing,
  };
}
