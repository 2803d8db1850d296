/**
 * `embedded:*` and `kafka:*`: processes of one world are killed, those of one kind one after another, at moments that
 * the seed says.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from './random.js';
import type { Success } from './signals.js';
import type { World } from './world.js';

export const TARGETS = ['connector', 'writer', 'worker', 'group'] as const;
/**
 * `connector`: `yitong connector`; `writer`, `worker`: children of `yitong gateway`; `group`: its supervisor, alone or
 * with all children.
 */
export type Target = (typeof TARGETS)[number];

export interface Recovery {
  readonly fault: string;
  /** Ms from the fault until it was undone; absent of a kill, after which the process is started again at once. */
  readonly held?: number;
  /**
   * Ms from the fault to the first success that was begun after it; undefined where it never came. Empty where nobody
   * waited for it.
   */
  readonly after: Partial<Readonly<Record<Success, number | undefined>>>;
}

/** What has to work again after each. */
const NEEDS: Readonly<Record<Target, readonly Success[]>> = {
  connector: ['fed'],
  writer: ['query', 'visible'],
  worker: ['query', 'publish'],
  group: ['query', 'publish', 'visible'],
};

const WITHIN = 120_000;
/**
 * The supervisor starts what dies soon after its start more and more slowly: a group is made anew before that takes the
 * time of the run.
 */
const BEFORE_RENEWAL = 4;

/** Share of kills that are not waited for, so that the next one may meet a process that is only starting. */
const AT_ONCE = 0.15;

/**
 * Kills one process. Returns what waits for its recovery; undefined where it was not there to be killed, as just after
 * the last kill.
 */
function kill(world: World, target: Target, random: Random): (() => Promise<Recovery['after']>) | undefined {
  const again = (who?: string) => async (): Promise<Recovery['after']> =>
    Object.fromEntries(
      await Promise.all(
        NEEDS[target].map(async (kind) => [kind, await world.signals.next(kind, WITHIN, who)] as const),
      ),
    );
  switch (target) {
    case 'connector': {
      const [dataset, connector] = random.pick([...world.connectors]);
      return connector.kill(false) ? again(dataset) : undefined;
    }
    case 'group':
      return world.gateway.kill(random.chance(0.5)) ? again() : undefined;
    case 'writer':
    case 'worker': {
      const [pid] = world.gateway.children(`process/${target}.js`);
      if (pid === undefined) return undefined;
      process.kill(pid, 'SIGKILL');
      return again();
    }
  }
}

/**
 * Kills `counts` of each target; targets do not wait for each other. `randomFor` gives each its own chance, so that
 * none draws from another's.
 */
export async function killAll(
  world: World,
  counts: Readonly<Partial<Record<Target, number>>>,
  randomFor: (name: string) => Random,
  told: (recovery: Recovery) => void,
): Promise<void> {
  /** Kills since the group was made anew. */
  const since = new Map<Target, number>();
  let renewing: Promise<unknown> | undefined;
  async function renewed(random: Random): Promise<void> {
    // not counted as a fault of its own, and no less real
    renewing ??= (async () => {
      await kill(world, 'group', random)?.();
      since.clear();
      renewing = undefined;
    })();
    await renewing;
  }

  async function lane(target: Target, count: number): Promise<void> {
    const random = randomFor(`kills of ${target}`);
    for (let done = 0; done < count; done++) {
      await wait(random.between(0, 900));
      const waitFor = !random.chance(AT_ONCE);
      if (target !== 'connector' && (renewing !== undefined || (since.get(target) ?? 0) >= BEFORE_RENEWAL))
        await renewed(random);
      let recovered = kill(world, target, random);
      for (let tries = 0; recovered === undefined; tries++) {
        if (tries > 1200) throw new Error(`no process is the ${target}; ${world.gateway.complaints}`);
        await wait(50);
        recovered = kill(world, target, random);
      }
      if (target === 'group') since.clear();
      else since.set(target, (since.get(target) ?? 0) + 1);
      told({ fault: target, after: waitFor ? await recovered() : {} });
    }
  }

  await Promise.all(TARGETS.map((target) => lane(target, counts[target] ?? 0)));
}
