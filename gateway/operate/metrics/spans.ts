/** How many spans of a process were taken and how many lost. */

import { counter, type Family } from '../../ground/counts/families.js';
import type { Tracing } from '../../ground/tracing/port.js';

/** Without samples where traces are not configured. @param name of the process, as in its log lines */
export function spanFigures(name: string, tracing: Pick<Tracing, 'counts'> | undefined): readonly Family[] {
  const counts = tracing?.counts();
  const labels = { process: name };
  return [
    counter('yitong_spans_exported_total', [[labels, counts?.exported]]),
    counter('yitong_spans_dropped_total', [[labels, counts?.dropped]]),
  ];
}
