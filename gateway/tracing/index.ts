/**
 * Traces of one process, where they are configured. What makes them is loaded then, and only then: it takes 12 MB and
 * 0.2 s of processor.
 */
import type { BusSettings } from '../../connectors/bus/open.js';
import type { Tracer } from '../../contracts/tracing.js';
import type { TracingSettings } from '../config/tracing.js';

export interface TracingParts {
  /** `worker-1`, `writer`, `feeds`, `connector` */
  readonly process: string;
  /** Relative paths of the settings. */
  readonly baseDir: string;
  readonly bus: BusSettings['driver'];
  /** Told when the endpoint begins or ceases to take spans, in words without addresses or content. */
  readonly onState?: (message: string) => void;
}

export interface Tracing {
  readonly tracer: Tracer;
  /** Spans so far: taken by the endpoint, and lost since it did not take them or too many waited. */
  counts(): { readonly exported: number; readonly dropped: number };
  /** Sends what waits, within two seconds, and lets go of the endpoint. */
  stop(): Promise<void>;
}

/**
 * Undefined where no endpoint is configured.
 * @throws YitongError `bad_config` where a file that the settings name cannot be read
 */
export async function startTracing(settings: TracingSettings, parts: TracingParts): Promise<Tracing | undefined> {
  if (settings.endpoint === '') return undefined;
  const { openTelemetry } = await import('./otel.js');
  return openTelemetry(settings, parts);
}
