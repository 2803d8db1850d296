/** Terms that others let run out: of these the sharing authority is told at the start of the day. */
import { isYitongError } from '../../../../contracts/errors.js';
import { WHOLE } from '../../../../contracts/lifecycle/matter.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { Person } from '../../../ground/identity/person.js';
import type { SeenMatter } from '../../../procedures/sharing/types.js';
import { leftWords } from '../../notices/words.js';
import type { Trouble } from '../../people/rooms.js';
import type { Desk } from './desk.js';
import { namesFor, sideOf } from './reading.js';
import { PATH } from './words.js';

/** Those that are over for longest; of the others how many there are. */
const SHOWN = 5;

/** A workspace that does not say who looks after sharing has no such matters. */
export function noneWhereNobodySays(error: unknown): readonly never[] {
  if (isYitongError(error) && error.code === 'not_found') return [];
  throw error;
}

interface Overdue {
  /** Whose term it is. */
  readonly holder: string;
  readonly part: string;
  readonly term: Localised;
  /** Working days, negative. */
  readonly left: number;
}

/** Terms of a matter that are over and run on, with who holds them. */
export function overdueIn(matter: SeenMatter): readonly Overdue[] {
  const { lifecycle, state, clocks } = matter;
  return Object.keys(state.parts).flatMap((part) =>
    (clocks[part] ?? []).flatMap((reading): readonly Overdue[] => {
      const rule = lifecycle.clocks[reading.clock];
      const side = rule === undefined ? undefined : lifecycle.parties[rule.party]?.of;
      const holder = side === undefined ? undefined : sideOf(matter, part, side);
      return reading.stoppedAt !== undefined || !reading.over || rule === undefined || holder === undefined
        ? []
        : [{ holder, part, term: rule.title, left: reading.left }];
    }),
  );
}

interface Late extends Trouble {
  readonly left: number;
}

function lateIn(desk: Desk, matter: SeenMatter, own: string | undefined): readonly Late[] {
  const names = namesFor(desk.context);
  const from = names.authority(sideOf(matter, WHOLE, 'requester'));
  return (
    overdueIn(matter)
      // what waits for the own department stands in its tray
      .filter(({ holder }) => holder !== own)
      .map(({ holder, part, term, left }) => {
        const title = part === WHOLE ? matter.lifecycle.title : names.dataset(part);
        const days = leftWords(left);
        return {
          what: {
            zh: `${title.zh}（${from.zh}）：${term.zh}${days.zh}`,
            en: `${title.en} (${from.en}): ${term.en}, ${days.en}`,
          },
          mends: names.authority(holder),
          href: `${PATH}/${matter.head.id}`,
          left,
        };
      })
  );
}

export async function lateOf(desk: Desk, person: Person): Promise<readonly Trouble[]> {
  if (!person.roles.includes('sharing-authority')) return [];
  const open = await desk.all(person, 'open').catch(noneWhereNobodySays);
  const late = open.flatMap((matter) => lateIn(desk, matter, person.authority)).sort((a, b) => a.left - b.left);
  const more = late.length - SHOWN;
  return [
    ...late.slice(0, SHOWN),
    ...(more <= 0
      ? []
      : [
          {
            what: { zh: `另有 ${more} 项共享事项已逾期`, en: `${more} more matters of sharing are overdue` },
            mends: { zh: '各有关单位', en: 'the departments concerned' },
            href: `${PATH}?show=held`,
          },
        ]),
  ];
}
