/** What a process says of itself. Read when it is asked: nothing runs in between. */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { counter, type Family, gauge } from '../../ground/counts/families.js';
import { packageVersion } from '../../ground/files/places.js';

/** Bytes of memory of its own, without files that are mapped (the view); undefined where the system does not tell. */
function anonymousBytes(): number | undefined {
  try {
    const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined;
  }
}

/** @param name `supervisor`, `writer`, `feeds`, `worker-1`, `connector`, `witness` */
export function processFigures(name: string): () => Family[] {
  const labels = { process: name };
  const startedAt = Date.now() / 1000 - process.uptime();
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    const { user, system } = process.cpuUsage();
    return [
      counter('yitong_process_cpu_seconds_total', [[labels, (user + system) / 1e6]]),
      gauge('yitong_process_resident_bytes', [[labels, process.memoryUsage.rss()]], 'sum'),
      gauge('yitong_process_anonymous_bytes', [[labels, anonymousBytes()]], 'sum'),
      gauge('yitong_process_start_time_seconds', [[labels, startedAt]]),
      gauge('yitong_process_event_loop_busy_ratio', [[labels, utilization]]),
    ];
  };
}

/** @param part `gateway`, `connector`, `witness` */
export const buildInfo = (part: string): Family =>
  gauge('yitong_build_info', [[{ part, version: packageVersion(), node: process.versions.node }, 1]]);
