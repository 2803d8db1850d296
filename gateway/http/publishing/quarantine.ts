/**
 * The quarantine of this replica's data folder, for whoever may look into it: a department's systems over HTTP, its
 * data officer on pages.
 */

import { loadFeed } from '../../../connectors/feeds.js';
import { type Held, keepHeld, releaseHeld, type State } from '../../../connectors/publish/index.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import { KeptQuarantines, type QuarantineReader } from '../../../connectors/quarantine-kept.js';
import { readAgainEvery } from '../../../connectors/reading/ceiling.js';
import { type RetryReport, retryQuarantine } from '../../../connectors/retry.js';
import { askForRun, type Pressed, pressForRun, type Reading, readingOf } from '../../../connectors/run/asked.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import type { GatewayContext } from '../../documents/context.js';
import { openState } from './state.js';

export const MAX_ROWS = 10_000;
/** A run may go on for hours: a retry does not wait for it. */
const WAIT = 3000;

/** Ids that the entry of a retry names at most. */
const NAMED = 100;

/** What is on record of a retry before it begins. */
export const retryDetail = (
  requestId: string,
  ids: readonly string[] | undefined,
): Readonly<Record<string, unknown>> => ({
  requestId,
  rows: ids?.length ?? 'all',
  ...(ids === undefined ? {} : { ids: ids.slice(0, NAMED) }),
});

export interface QuarantineDesk {
  /** Undefined where nothing of the dataset was ever held back. */
  look<T>(contract: Contract, work: (quarantine: QuarantineReader) => Promise<T>): Promise<T | undefined>;
  /**
   * Of these rows, or of all but conflicting duplicates; undefined where there is no quarantine. Ids that are not there
   * are left out.
   * @param first done when all else is ready, before any row is touched: puts the act on record, and throws if that
   * failed or whoever asked may not any longer
   * @throws YitongError `not_publisher` without a feed, `bad_request` beyond `MAX_ROWS`, `bus_unavailable`,
   * `dataset_busy`
   */
  retry(
    contract: Contract,
    ids: readonly string[] | undefined,
    first: () => Promise<void>,
  ): Promise<RetryReport | undefined>;
  /** Records that left and are not withdrawn, since rows that cannot be read may be theirs. */
  held(contract: Contract): readonly Held[];
  /**
   * Withdraws one of them, or says that it is still on the register. @param first as of `retry`
   * @throws YitongError `not_found`, `not_publisher` without a feed, `bus_unavailable`, `dataset_busy`
   */
  decide(
    contract: Contract,
    what: 'release' | 'keep',
    id: string,
    by: string,
    first: () => Promise<void>,
  ): Promise<void>;
  /** The next run of its feed, sooner than it is due; nothing where its records are pushed. */
  ask(contract: Contract): Promise<void>;
  /** How its source is read. @throws YitongError `not_read_here` where none is, `bad_feed` */
  reading(contract: Contract): Promise<Reading>;
  /** As `ask`, by hand. @throws YitongError as `reading` */
  press(contract: Contract): Promise<Pressed>;
  /** When what goes on has ended. */
  close(): Promise<void>;
}

const stillWaiting = (): YitongError =>
  new YitongError(
    'bus_unavailable',
    'records that were pushed before wait for the bus; try again when they are forwarded',
  );

/** How sources are read, and that one is to be read sooner. */
function asking({
  workspace,
  state,
  now,
}: {
  readonly workspace: Workspace;
  readonly state: () => State;
  readonly now: () => Date;
}): Pick<QuarantineDesk, 'ask' | 'reading' | 'press'> {
  const isRead = async (contract: Contract): Promise<boolean> => {
    const feed = await loadFeed(workspace, contract.id);
    return feed !== undefined && feed.schedule !== 'push';
  };
  async function refuseUnread(contract: Contract): Promise<void> {
    if (!(await isRead(contract)))
      throw new YitongError('not_read_here', `no source is read for \`${contract.id}\`: its records are pushed`);
  }
  const every = (): number => readAgainEvery(workspace);
  return {
    async ask(contract) {
      if (await isRead(contract)) await askForRun(state(), contract.id, now());
    },
    async reading(contract) {
      await refuseUnread(contract);
      return readingOf(state(), contract.id, now(), every());
    },
    async press(contract) {
      await refuseUnread(contract);
      return pressForRun(state(), contract.id, now(), every());
    },
  };
}

export function openQuarantineDesk(
  context: Pick<GatewayContext, 'workspace' | 'dataDir' | 'now' | 'bus' | 'spool'>,
): QuarantineDesk {
  const { workspace, dataDir, spool } = context;
  const now = (): Date => new Date(context.now());
  const retrying = new Set<Promise<unknown>>();
  let state: State | undefined;

  const kept = new KeptQuarantines(dataDir, now);

  /** Of what writes: in its own opening. */
  async function opened<T>(contract: Contract, work: (quarantine: Quarantine) => Promise<T>): Promise<T> {
    const quarantine = Quarantine.open(dataDir, contract.id, now);
    try {
      return await work(quarantine);
    } finally {
      await quarantine.close();
    }
  }

  const stateOf = (): State => (state ??= openState(dataDir));

  async function decide(
    contract: Contract,
    what: 'release' | 'keep',
    id: string,
    by: string,
    first: () => Promise<void>,
  ): Promise<void> {
    const feed = await loadFeed(workspace, contract.id);
    if (feed === undefined) throw new YitongError('not_publisher', `\`${contract.id}\` has no feed`);
    const bus = await context.bus();
    if (spool?.store.waiting(contract.id) === true) throw stillWaiting();
    await first();
    const options = { workspace, contract, feed, bus, state: stateOf(), now, by, ids: [id], turn: { wait: WAIT } };
    await opened(contract, (quarantine) => (what === 'release' ? releaseHeld : keepHeld)({ ...options, quarantine }));
  }

  return {
    look: (contract, work) => kept.look(contract.id, work),
    held: (contract) => stateOf().held(contract.id),
    decide(...asked) {
      const mine = decide(...asked);
      retrying.add(mine);
      return mine.finally(() => retrying.delete(mine));
    },
    ...asking({ workspace, state: stateOf, now }),
    async retry(contract, ids, first) {
      if (!Quarantine.exists(dataDir, contract.id)) return undefined;
      const feed = await loadFeed(workspace, contract.id);
      if (feed === undefined) throw new YitongError('not_publisher', `\`${contract.id}\` has no feed`);
      const bus = await context.bus();
      // what waits for the bus was pushed before, and must arrive before
      if (spool?.store.waiting(contract.id) === true) throw stillWaiting();
      await first();
      const options = {
        workspace,
        feed,
        bus,
        state: stateOf(),
        now,
        skipAbsent: true,
        most: MAX_ROWS,
        turn: { wait: WAIT },
        ...present({ ids }),
      };
      // what is looked at meanwhile is open already: an opening waits for what this one writes, and holds it up
      const mine = kept.look(contract.id, () =>
        opened(contract, (quarantine) => retryQuarantine({ ...options, quarantine })),
      );
      retrying.add(mine);
      return mine.finally(() => retrying.delete(mine));
    },
    async close() {
      await Promise.allSettled(retrying);
      await kept.close();
      await state?.close();
    },
  };
}
