/** Traces of a child of the group, which says what is wrong with them as an alert of its own. */
import type { TracingSettings } from '../../ground/config/tracing.js';
import { startTracing } from '../../ground/tracing/index.js';
import type { Tracing } from '../../ground/tracing/port.js';
import { type ProcessArguments, tell } from '../children/messages.js';

/** Undefined where traces are not configured. @throws YitongError `bad_config` */
export const childTracing = (
  settings: TracingSettings,
  name: string,
  { workspace, bus }: ProcessArguments,
): Promise<Tracing | undefined> =>
  startTracing(settings, {
    process: name,
    baseDir: workspace,
    bus: bus.driver,
    onState: (message) => tell({ kind: 'alert', message }),
  });
