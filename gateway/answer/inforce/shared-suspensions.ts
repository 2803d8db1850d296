/**
 * Suspensions that every replica shares: a versioned set of the state. Each replica keeps what it knows of it in its
 * data folder, and that is what is in force there (`follow.ts`): a store that is away lifts nothing. A suspension ends
 * by being named as one that is over. One that a replica has and the store does not know at all, since the store was
 * put back to an earlier day or the grant was suspended before there was one, is put into the store again.
 */
import { type Json, type State, StateConflict } from '../../ground/state/port.js';
import { type Watching, watch } from '../../ground/state/watching.js';
import {
  changeSuspensions,
  readSuspensions,
  type SharedSuspension,
  type Suspension,
  sharedSuspensions,
  swapSuspensions,
} from './suspensions.js';

/** The name of the set; a member is the id of a grant. */
const SET = 'suspended-grants';
/** ms between two looks. */
const LOOKS = 500;
/** Entries of one grant's suspensions that are remembered as over. */
const MOST_RESUMED = 100;

export interface SharedSuspensions {
  /** As the store has them now. @throws YitongError `state_unavailable` */
  read(): Promise<ReadonlyMap<string, Suspension>>;
  /** Counts on this replica when it resolves, and on the others at their next look. @throws YitongError */
  change(change: (grants: Map<string, Suspension>) => void): Promise<void>;
  /** Resolves when this replica knows what was suspended, from now or from before. */
  readonly known: Promise<void>;
  /** ms since this replica knew all that was suspended anywhere. */
  age(): number;
  stop(): Promise<void>;
}

/**
 * @param dir where this replica keeps what it knows
 * @param onTrouble told once where the store cannot be followed any more; what is known stays in force
 */
export function shareSuspensions(state: State, dir: string, onTrouble: (error: unknown) => void): SharedSuspensions {
  return new SuspensionsOfAll(state, dir, onTrouble);
}

/** Changes those that all replicas share, or, where there is no store of all, those of the data folder. */
export async function changeSuspended(
  { dir, shared }: { readonly dir: string; readonly shared?: Pick<SharedSuspensions, 'change'> },
  change: (grants: Map<string, Suspension>) => void,
): Promise<void> {
  if (shared === undefined) changeSuspensions(dir, change);
  else await shared.change(change);
}

type Shared = ReadonlyMap<string, SharedSuspension>;

class SuspensionsOfAll implements SharedSuspensions {
  readonly known: Promise<void>;
  readonly #state: State;
  readonly #dir: string;
  readonly #watching: Watching;

  constructor(state: State, dir: string, onTrouble: (error: unknown) => void) {
    this.#state = state;
    this.#dir = dir;
    let told: () => void = () => undefined;
    this.known = new Promise<void>((resolve) => (told = resolve));
    if (readSuspensions(dir).shared !== undefined) told();
    this.#watching = watch(state, {
      wanted: ({ of, name }) => of === 'set' && name === SET,
      everyMs: LOOKS,
      onChange: async () => {
        await this.#copy();
        told();
      },
      onTrouble,
    });
  }

  async read(): Promise<ReadonlyMap<string, Suspension>> {
    return suspendedOf(sharedSuspensions((await this.#state.set(SET)).members));
  }

  async change(change: (grants: Map<string, Suspension>) => void): Promise<void> {
    for (;;) {
      const { version, members } = await this.#state.set(SET);
      const shared = sharedSuspensions(members);
      const grants = new Map(suspendedOf(shared));
      change(grants);
      if (await this.#put(version, differences(shared, grants))) break;
    }
    await this.#copy();
  }

  age(): number {
    return this.#watching.age();
  }

  stop(): Promise<void> {
    return this.#watching.stop();
  }

  /** @returns false where somebody else was first */
  async #put(version: number, put: Readonly<Record<string, Json>>): Promise<boolean> {
    if (Object.keys(put).length === 0) return true;
    try {
      await this.#state.commit([{ do: 'set', set: SET, version, put }]);
      return true;
    } catch (error) {
      if (error instanceof StateConflict) return false;
      throw error;
    }
  }

  /** Brings what this replica keeps up to the store; several of its processes may do so at once. */
  async #copy(): Promise<void> {
    for (;;) {
      // in this order: what the store has is not older than what was copied from it before
      const local = readSuspensions(this.#dir);
      const { version, members } = await this.#state.set(SET);
      const shared = sharedSuspensions(members);
      if (local.shared === version) return;
      const grants = suspendedOf(shared);
      const unknown = new Map(
        [...local.grants].filter(
          ([id, { entry }]) => !grants.has(id) && shared.get(id)?.resumed.includes(entry) !== true,
        ),
      );
      if (unknown.size > 0) await this.#put(version, differences(shared, new Map([...grants, ...unknown])));
      else if (swapSuspensions(this.#dir, local.number, grants, version)) return;
    }
  }
}

const suspendedOf = (shared: Shared): ReadonlyMap<string, Suspension> =>
  new Map([...shared].flatMap(([id, { suspension }]) => (suspension === undefined ? [] : [[id, suspension]])));

/** Members to be put so that these are the grants that are suspended. */
function differences(shared: Shared, grants: ReadonlyMap<string, Suspension>): Readonly<Record<string, Json>> {
  const put: Record<string, Json> = {};
  for (const [id, { suspension, resumed }] of shared)
    if (suspension !== undefined && !grants.has(id))
      put[id] = { resumed: [...resumed, suspension.entry].slice(-MOST_RESUMED) };
  for (const [id, { at, by, reason, entry }] of grants) {
    const before = shared.get(id);
    if (before?.suspension?.entry !== entry)
      put[id] = { suspension: { at, by, reason, entry }, resumed: before?.resumed ?? [] };
  }
  return put;
}
