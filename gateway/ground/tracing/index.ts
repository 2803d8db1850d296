/**
 * Traces of one process, where they are configured. What makes them is loaded then, and only then: it takes 12 MB and
 * 0.2 s of processor.
 */

import type { TracingSettings } from '../config/tracing.js';
import type { Tracing, TracingParts } from './port.js';

/**
 * Undefined where no endpoint is configured.
 * @throws YitongError `bad_config` where a file that the settings name cannot be read
 */
export async function startTracing(settings: TracingSettings, parts: TracingParts): Promise<Tracing | undefined> {
  if (settings.endpoint === '') return undefined;
  const { openTelemetry } = await import('./otel.js');
  return openTelemetry(settings, parts);
}
