/** Follows the grants of applications in the state, so that a replica knows them within a second. */
import type { State } from '../../ground/state/port.js';
import { type Watching, watch } from '../../ground/state/watching.js';
import { APPLIED, copyApplied, readApplied } from './applied-grants.js';

export interface AppliedFollowing {
  /** Resolves when this replica knows what was granted, from now or from before. */
  readonly known: Promise<void>;
  /** Resolves when it knows what is granted and ended now; never while the store is away. */
  readonly current: Promise<void>;
  /** ms since this replica knew all that was granted and ended anywhere; 0 while there is no store. */
  age(): number;
  stop(): Promise<void>;
}

/** ms between two looks. */
const LOOKS = 500;

/**
 * @param open undefined while there is no store, so that nothing was granted in it; asked again until there is
 * @param dir where this replica keeps what it knows
 * @param onTrouble told once where the store cannot be followed any more; what is known stays in force
 */
export function followApplied(
  open: () => Promise<State | undefined>,
  dir: string,
  onTrouble: (error: unknown) => void,
): AppliedFollowing {
  let watching: Watching | undefined;
  let state: State | undefined;
  let stopped = false;
  let told: () => void = () => undefined;
  let isCurrent: () => void = () => undefined;
  const current = new Promise<void>((resolve) => (isCurrent = resolve));
  const known = new Promise<void>((resolve) => (told = resolve));
  if (readApplied(dir).shared !== undefined) told();
  let wake: (() => void) | undefined;
  const begin = async (): Promise<void> => {
    for (let troubled = false; !stopped; ) {
      try {
        state = await open();
        if (state !== undefined) break;
        told();
        isCurrent();
      } catch (error) {
        if (!troubled) onTrouble(error);
        troubled = true;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOKS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const found = state;
    if (stopped || found === undefined) return;
    watching = watch(found, {
      wanted: ({ of, name }) => of === 'set' && name === APPLIED,
      everyMs: LOOKS,
      onChange: async () => {
        await copyApplied(found, dir);
        told();
        isCurrent();
      },
      onTrouble,
    });
  };
  const begun = begin();
  return {
    known,
    current,
    age: () => watching?.age() ?? 0,
    async stop() {
      stopped = true;
      wake?.();
      await begun;
      await watching?.stop();
    },
  };
}
