/** Grants of applications in one process: followed wherever the state stands, and said where they cannot be. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { appliedDir } from '../../answer/inforce/applied-grants.js';
import { type AppliedFollowing, followApplied } from '../../answer/inforce/follow-applied.js';
import type { StateSettings } from '../../ground/config/state.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { openState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';

/** ms between two looks at whether it hears. */
const LOOKS = 1000;
/** ms for which they may not be heard of until somebody is warned. */
const LATE = 5000;

interface Surroundings {
  readonly settings: StateSettings;
  readonly workspace: string;
  readonly data: string;
  /** That all replicas share; undefined: the one of the data folder, once there is one. */
  readonly shared: State | undefined;
  readonly onWarnings: (warnings: readonly string[]) => void;
}

export function followAppliedGrants(around: Surroundings): AppliedFollowing {
  const { settings, workspace, data, shared, onWarnings } = around;
  let own: State | undefined;
  const open = async (): Promise<State | undefined> => {
    if (shared !== undefined) return shared;
    if (!existsSync(join(data, 'state'))) return undefined;
    const place = { file: join(workspace, 'yitong.json') };
    return (own = await openState({ settings, data, baseDir: workspace, place }));
  };
  const following = followApplied(open, appliedDir(data), () => undefined);
  let late = false;
  const timer = setInterval(() => {
    const is = following.age() > LATE;
    if (is === late) return;
    late = is;
    onWarnings(is ? ['grants of applications are not heard of; those that are known stay in force'] : []);
  }, LOOKS);
  return {
    known: following.known,
    current: following.current,
    age: () => following.age(),
    async stop() {
      clearInterval(timer);
      await following.stop();
      await own?.close();
    },
  };
}

/** @param process its name */
export const appliedFigures = (process: string, following: AppliedFollowing): Family[] => [
  gauge('yitong_applied_grants_age_seconds', [[{ process }, following.age() / 1000]]),
];
