/**
 * What waits for somebody, as each room of the console says it of itself: the start of the day and notifications come
 * from here, so that nothing is counted twice, and a new room adds itself.
 */
import type { Localised } from '../../../contracts/localised.js';
import type { Person, Role } from '../../ground/identity/person.js';

export interface WaitingItem {
  /** The same for as long as it waits. Names neither a subject nor a person. */
  readonly id: string;
  readonly title: Localised;
  /** The page where the work is. */
  readonly href: string;
  readonly due?: {
    /** ms since 1970: from then on it is over. */
    readonly at: number;
    /** Working days; 0 on the last one, negative afterwards. */
    readonly left: number;
    readonly over: boolean;
  };
}

export interface Waiting {
  readonly count: number;
  /** The most urgent first, `MOST_ITEMS` at most. */
  readonly items: readonly WaitingItem[];
}

/** Something that does not work as it should. */
export interface Trouble {
  readonly what: Localised;
  /** Who can mend it. */
  readonly mends: Localised;
  readonly href?: string;
}

export interface Room {
  /** Stands in what is kept of it: letters and hyphens. */
  readonly id: string;
  readonly title: Localised;
  /** Its tray. */
  readonly href: string;
  readonly roles: readonly Role[];
  /**
   * Of a room that tells of something: what a notice says of it. What it tells of is read and nothing is to be done, so
   * the start of the day shows it before the work.
   */
  readonly tells?: Localised;
  /** Puts nothing on record: whoever shows it does. */
  waiting(person: Person): Promise<Waiting>;
  wrong?(person: Person): Promise<readonly Trouble[]>;
}

export const MOST_ITEMS = 200;
export const NOTHING: Waiting = { count: 0, items: [] };

/** Those in which somebody works. */
export const roomsOf = (rooms: readonly Room[], { roles }: Pick<Person, 'roles'>): readonly Room[] =>
  rooms.filter((room) => room.roles.some((role) => roles.includes(role)));

/** What runs out first comes first; what has no term last. */
export const byUrgency = (a: WaitingItem, b: WaitingItem): number =>
  (a.due?.at ?? Infinity) - (b.due?.at ?? Infinity) || (a.id < b.id ? -1 : a.id === b.id ? 0 : 1);
