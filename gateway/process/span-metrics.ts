/** How many spans were taken and how many lost, for /metrics. */
import { Counter, type Registry } from 'prom-client';
import type { SpanCount } from './tracing.js';

export function spanMetrics(registry: Registry, counts: () => readonly SpanCount[]): void {
  const counter = (which: 'exported' | 'dropped', help: string): void => {
    new Counter({
      name: `yitong_spans_${which}_total`, help, labelNames: ['process'], registers: [registry],
      collect() {
        this.reset();
        for (const { process, ...one } of counts()) this.inc({ process }, one[which]);
      },
    });
  };
  counter('exported', 'spans of traces that their endpoint took, by process');
  counter('dropped', 'spans of traces that were lost, since their endpoint did not take them or too many waited, by process');
}
