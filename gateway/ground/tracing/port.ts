/** What tracing takes and what it is. */
import type { BusSettings } from '../../../connectors/bus/open.js';
import type { Tracer } from '../../../contracts/tracing.js';

export interface TracingParts {
  /** `worker-1`, `writer`, `feeds`, `connector` */
  readonly process: string;
  /** Relative paths of the settings. */
  readonly baseDir: string;
  readonly bus: BusSettings['driver'];
  /** Called when the endpoint begins or ceases to take spans, with words that hold no address and no content. */
  readonly onState?: (message: string) => void;
}

export interface Tracing {
  readonly tracer: Tracer;
  /** Spans so far: taken by the endpoint, and lost since it did not take them or too many waited. */
  counts(): { readonly exported: number; readonly dropped: number };
  /** Sends what waits, within two seconds, and lets go of the endpoint. */
  stop(): Promise<void>;
}
