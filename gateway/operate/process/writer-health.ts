/** What a writer says of itself: why its replica cannot serve, and what somebody should see to while it does. */
import type { SpoolSize } from '../../../connectors/spool/index.js';
import type { FollowState } from '../../answer/view/follow.js';
import type { FromChild } from '../children/messages.js';

export interface WriterHealth {
  /**
   * All datasets are followed anew, as planned: until each follows once, what it lacks is said and is no reason against
   * answering.
   */
  again(): void;
  follows(dataset: string, state: FollowState): void;
  /** Resolves when no dataset is read from its beginning any more, the first time. */
  readonly caughtUp: Promise<void>;
  /** Why the bus cannot be read. */
  away(reason: string): void;
  /** Undefined before anything was read. */
  busUp(): boolean | undefined;
  incomplete(datasets: readonly string[]): void;
  spool(size: SpoolSize, problems: readonly string[]): void;
  /** What does not go although its term is over. */
  housekeeping(problems: readonly string[]): void;
  /** Of stores that are nearly full, or full. */
  stores(problems: readonly string[]): void;
  /** Of servers of the view that are away. */
  servers(problems: readonly string[]): void;
  /** Of erasures that wait, here or at other replicas. */
  erasures(problems: readonly string[]): void;
  /** Calls for a person that nobody answers. */
  calls(problems: readonly string[]): void;
  /** Of what waits for other regions. */
  regions(problems: readonly string[]): void;
  /** What is wrong between this replica and the others of the log. */
  replicas(problems: readonly string[]): void;
}

interface WriterHealthParts {
  /** Whether the view has ever read a bus: then it is worth asking, also while there is none. */
  readonly filled: () => boolean;
  readonly tell: (message: Extract<FromChild, { kind: 'health' }>) => void;
}

/** What somebody should see to while it serves, in the order in which it is said. */
const TOLD = ['spooled', 'stores', 'servers', 'erasures', 'calls', 'regions', 'replicas', 'kept'] as const;

export function writerHealth({ filled, tell }: WriterHealthParts): WriterHealth {
  const states = new Map<string, FollowState>();
  let planned: Set<string> | undefined;
  let bus: string | undefined;
  let lost: readonly string[] = [];
  const told = new Map<(typeof TOLD)[number], readonly string[]>();
  let said = '';
  const say = (): void => {
    const away = [...states.values()].includes('unavailable')
      ? [`the bus is away, so nothing new is seen: ${bus ?? 'it cannot be read'}`]
      : [];
    const rebuilding = [...states].flatMap(([dataset, state]) => (state === 'rebuilding' ? [dataset] : []));
    const expected = (dataset: string): boolean => planned !== undefined && !planned.has(dataset);
    const words = (of: readonly string[]): string[] => of.map((dataset) => `${dataset} is rebuilding`);
    const reasons = words(rebuilding.filter((dataset) => !expected(dataset)));
    if (!filled()) reasons.push(...away);
    const warnings = [
      ...(filled() ? away : []),
      ...words(rebuilding.filter(expected)),
      ...lost.map((dataset) => `${dataset} is incomplete: the bus no longer had all of it; see docs/kafka.md`),
      ...TOLD.flatMap((of) => told.get(of) ?? []),
    ];
    const message = { kind: 'health', ready: reasons.length === 0, reasons, warnings } as const;
    const text = JSON.stringify(message);
    if (text !== said) tell(message);
    said = text;
  };
  const tells = (of: (typeof TOLD)[number]) => (problems: readonly string[]) => {
    told.set(of, problems);
    say();
  };
  let caught = (): void => undefined;
  const caughtUp = new Promise<void>((resolve) => (caught = resolve));
  const lookWhetherCaughtUp = (): void => {
    if (![...states.values()].includes('rebuilding')) caught();
  };
  return {
    caughtUp,
    again() {
      // those that have followed since
      planned = new Set();
    },
    follows(dataset, state) {
      states.set(dataset, state);
      if (state === 'following') planned?.add(dataset);
      // all of them are told in one turn
      setImmediate(lookWhetherCaughtUp).unref();
      say();
    },
    away(reason) {
      bus = reason;
      say();
    },
    busUp: () => (states.size === 0 ? undefined : ![...states.values()].includes('unavailable')),
    incomplete(datasets) {
      lost = datasets;
      say();
    },
    housekeeping: tells('kept'),
    stores: tells('stores'),
    servers: tells('servers'),
    erasures: tells('erasures'),
    calls: tells('calls'),
    regions: tells('regions'),
    replicas: tells('replicas'),
    spool({ records, bytes, since }, problems) {
      if (since === undefined) return tells('spooled')([]);
      const waits = new Date(since).toISOString();
      tells('spooled')([`${records} pushed records (${bytes} bytes) wait for the bus since ${waits}`, ...problems]);
    },
  };
}
