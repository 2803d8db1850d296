/**
 * What one side of a matter is not shown of another: steps within one department, a reply before its head has agreed to
 * it, and what an application asks of other providers. The authority sees what both sides do. And of which matters
 * somebody is told the figures.
 */
import { WHOLE } from '../../../contracts/lifecycle/matter.js';
import type { Side } from '../../../contracts/lifecycle/types.js';
import type { SharingPlaces } from '../../../contracts/sharing-places.js';
import type { Json } from '../../ground/state/port.js';
import type { Application } from './application.js';
import { authorityOfActor, rolesOf, sidesOf } from './sides.js';
import type { MatterActor, MatterStep, OpenedMatter, SeenMatter, Sides } from './types.js';

/** Steps of which only one side is told: a reply is one once its head has agreed. */
const WITHIN: Readonly<Record<string, Side>> = { propose: 'provider', 'send-back': 'provider', return: 'requester' };
const BEFORE_REPLY: ReadonlySet<string> = new Set(['filed', 'incomplete', 'proposed']);

const isOf = ({ parties, lifecycle }: Pick<SeenMatter, 'parties' | 'lifecycle'>, side: Side): boolean =>
  parties.some((one) => [side, 'authority'].includes(lifecycle.parties[one]?.of ?? ''));

/** Whether whoever looks is of a side that sees the part: a provider sees its own. */
export function seesPart({ head, parties }: SeenMatter, part: string, authority: string | undefined): boolean {
  const others = parties.some((one) => !one.startsWith('provider'));
  return others || part === WHOLE || sidesOf(head, part).provider === authority;
}

/** Whether whoever looks is told of the reply as it stands. */
export const seesReply = (matter: SeenMatter, part: string): boolean =>
  isOf(matter, 'provider') || !BEFORE_REPLY.has(matter.state.parts[part]?.state ?? '');

export const seesStep = (matter: SeenMatter, { event }: MatterStep, authority: string | undefined): boolean => {
  const side = WITHIN[event.act];
  return (
    (event.part === undefined || seesPart(matter, event.part, authority)) && (side === undefined || isOf(matter, side))
  );
};

/** What is attached is seen as what it is attached to: an application, or the reply to a part. */
export function seesFile(
  matter: SeenMatter,
  { to, authority: of }: { readonly to: string; readonly authority: string },
  authority: string | undefined,
): boolean {
  if (of === authority) return true;
  const [, part] = to.split('/');
  return part === undefined || (seesPart(matter, part, authority) && seesReply(matter, part));
}

const USE_SIDES: readonly Side[] = ['requester', 'provider', 'authority'];
const USE_ROLES: ReadonlySet<string> = new Set([
  'sharing-officer',
  'sharing-head',
  'department-head',
  'sharing-authority',
  'inspector',
]);

/** Records of use of a grant are read by its three sides (政务数据共享条例 Art.29(2)). */
export function seesUse(sides: Sides, actor: MatterActor): boolean {
  const own = authorityOfActor(actor);
  return (
    own !== undefined &&
    USE_SIDES.some((side) => sides[side] === own) &&
    rolesOf(actor).some((one) => USE_ROLES.has(one))
  );
}

/** Who was told of a correction: who corrected and the authority see all, others what their own systems were told. */
export const seesTold = (matter: SeenMatter, toldOf: string | undefined, authority: string | undefined): boolean =>
  isOf(matter, 'provider') || (toldOf !== undefined && toldOf === authority);

const REPLY = 'reply/';

function contentShown(
  name: string,
  content: Json,
  matter: SeenMatter,
  authority: string | undefined,
): Json | undefined {
  if (name.startsWith(REPLY)) {
    const part = name.slice(REPLY.length);
    return seesPart(matter, part, authority) && seesReply(matter, part) ? content : undefined;
  }
  if (name !== 'application') return content;
  const application = content as unknown as Application;
  // the others keep their places and say no more than that they are there
  const datasets = application.datasets.map((one) =>
    seesPart(matter, one.dataset, authority) ? one : { dataset: one.dataset },
  );
  return { ...application, datasets } as unknown as Json;
}

/** Contents and steps as an authority's people and systems are shown them. */
export function shownTo(matter: OpenedMatter, authority: string | undefined): Pick<OpenedMatter, 'contents' | 'steps'> {
  const contents = Object.entries(matter.contents).flatMap(([name, content]): [string, Json][] => {
    const shown = contentShown(name, content, matter, authority);
    return shown === undefined ? [] : [[name, shown]];
  });
  return {
    contents: Object.fromEntries(contents),
    steps: matter.steps.filter((step) => seesStep(matter, step, authority)),
  };
}

/** Whose figures: of all matters of a level, which its sharing authority looks after, or of a department's own. */
export interface FiguresOf {
  readonly authority: string;
  readonly level: boolean;
}

const LEVEL: ReadonlySet<string> = new Set(['sharing-authority', 'department-head']);
const OWN: ReadonlySet<string> = new Set(['sharing-officer', 'sharing-head', 'department-head']);

/** Undefined: nothing is told. */
export function figuresFor(actor: MatterActor, { areas }: SharingPlaces): FiguresOf | undefined {
  const authority = authorityOfActor(actor);
  const roles = rolesOf(actor);
  if (authority === undefined) return undefined;
  const looksAfter = Object.values(areas).some((area) => area.authority === authority);
  if (looksAfter && roles.some((role) => LEVEL.has(role))) return { authority, level: true };
  return roles.some((role) => OWN.has(role)) ? { authority, level: false } : undefined;
}

/** Whether a part with these sides stands in somebody's figures. */
export const countsFor = ({ authority, level }: FiguresOf, sides: Sides): boolean =>
  level ? sides.authority === authority : sides.provider === authority || sides.requester === authority;
