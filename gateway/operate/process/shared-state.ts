/** The state that all replicas share, in one process: open, watched, and its health told. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type SharedSuspensions, shareSuspensions } from '../../answer/inforce/shared-suspensions.js';
import { suspensionsDir } from '../../answer/inforce/suspensions.js';
import type { StateSettings } from '../../ground/config/state.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { openWholeState } from '../../ground/state/open.js';
import type { State } from '../../ground/state/port.js';
import type { ProcessArguments } from '../children/messages.js';

export interface SharedState {
  readonly state: State;
  readonly suspensions: SharedSuspensions;
  close(): Promise<void>;
}

/** ms between two looks at its health. */
const LOOKS = 1000;
/** ms for which a store may not be followed until somebody is warned. */
const LATE = 5000;

/**
 * Undefined where what people did stands in stores of the data folder.
 * @throws YitongError `bad_config`, `state_newer`, `state_denied`
 */
export async function openState(
  settings: StateSettings,
  { workspace, data }: Pick<ProcessArguments, 'workspace' | 'data'>,
): Promise<State | undefined> {
  return await openWholeState({ settings, data, baseDir: workspace, place: { file: join(workspace, 'yitong.json') } });
}

/** As `openState`, with what is suspended by other replicas. @throws as `openState` */
export async function openSharedState(
  settings: StateSettings,
  { workspace, data }: Pick<ProcessArguments, 'workspace' | 'data'>,
  onWarnings: (warnings: readonly string[]) => void,
): Promise<SharedState | undefined> {
  const state = await openState(settings, { workspace, data });
  if (state === undefined) return undefined;
  // its looks say so as well, with how long
  const suspensions = shareSuspensions(state, suspensionsDir(data), () => undefined);
  let told = '';
  /** Warnings when they change. */
  const look = (): void => {
    const { answers, age, reason } = state.health();
    const late = suspensions.age() > LATE;
    const warnings = [
      ...(answers
        ? []
        : [`the state does not answer since ${seconds(age)} (${reason ?? ''}): what needs it is refused`]),
      ...(late ? ['suspensions of other replicas are not heard of; those that are known stay in force'] : []),
    ];
    const now = warnings.map((warning) => warning.replace(/\d+ s/, '')).join('\n');
    if (now === told) return;
    told = now;
    onWarnings(warnings);
  };
  const timer = setInterval(look, LOOKS);
  return {
    state,
    suspensions,
    async close() {
      clearInterval(timer);
      // at once: a store that hangs holds nobody up
      await Promise.all([suspensions.stop(), state.close()]);
    },
  };
}

const seconds = (ms: number): string => `${String(Math.round(ms / 1000))} s`;

/** @param process its name @param shared undefined: nothing is shared, and nothing is known of it */
export function stateFigures(process: string, shared: SharedState | undefined): Family[] {
  const health = shared?.state.health();
  const given = (value: number | undefined): readonly (readonly [{ readonly process: string }, number])[] =>
    value === undefined ? [] : [[{ process }, value]];
  return [
    gauge('yitong_state_up', given(health && (health.answers ? 1 : 0)), 'min'),
    gauge('yitong_state_age_seconds', given(health && (health.answers ? 0 : health.age / 1000))),
    gauge('yitong_state_hears', given(health?.hears === undefined ? undefined : health.hears ? 1 : 0), 'min'),
    gauge('yitong_suspensions_age_seconds', given(shared && shared.suspensions.age() / 1000)),
  ];
}

/** What is past its end is removed from a store that all share, by one replica at a time. */
interface StateSweeping {
  /** ms since 1970 when it was done last, here or by another replica. */
  passedAt(): number;
  /** The store stays open. */
  close(): Promise<void>;
}

const SWEEP_LEASE = 'sweep';
/** ms between two sweeps, and for which the one who sweeps is left alone. */
const SWEEPS = 5000;
const SWEEP_MS = 20_000;
/** Removed at a time. */
const SWEPT = 500;

export function sweepState(state: State): StateSweeping {
  const holder = `${hostname()} ${String(process.pid)}`;
  let passedAt = Date.now();
  let running: Promise<void> | undefined;
  let closed = false;
  const sweep = async (): Promise<void> => {
    for (let more = true; more && !closed; ) {
      // that of a data folder has one replica, and a lease would be a write to its disk each time
      const mine = state.driver === 'embedded' || (await state.lease(SWEEP_LEASE, holder, SWEEP_MS)) !== undefined;
      more = mine && (await state.sweep(SWEPT)) >= SWEPT;
    }
    passedAt = Date.now();
  };
  // one that fails is tried again, and its age tells
  const timer = setInterval(() => {
    running ??= sweep()
      .catch(() => undefined)
      .finally(() => (running = undefined));
  }, SWEEPS);
  return {
    passedAt: () => passedAt,
    async close() {
      closed = true;
      clearInterval(timer);
      await running;
    },
  };
}
