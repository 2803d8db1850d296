/**
 * What the writer watches beside the view and the log, each by a look of its own: terms of cases, subscriptions, files,
 * quality, errands to other regions, notices, and what the platform supplies.
 */
import { type Bus, dataTopic } from '../../../connectors/bus/port.js';
import type { Settings } from '../../ground/config/index.js';
import type { Family } from '../../ground/counts/families.js';
import type { State } from '../../ground/state/port.js';
import type { SubjectKeys } from '../../log/entries/keys.js';
import { QualityWatch } from '../../procedures/catalogue/watch.js';
import { type CaseTerms, watchCaseTerms } from './case-terms.js';
import { ErrandWatch } from './errand-watch.js';
import { FileWatch } from './file-watch.js';
import { NoticeWatch } from './notice-watch.js';
import type { FollowedWorkspace } from './reading.js';
import { SubscriptionWatch } from './subscription-watch.js';
import { SupplyWatch } from './supply-watch.js';
import type { WriterHealth } from './writer-health.js';

interface WriterTask {
  /** ms since 1970 when what it watches came forward last. */
  passedAt(): number;
  figures?(): readonly Family[];
  stop(): Promise<void>;
}

/** By the name under which their age is told. */
export type WriterTasks = ReadonlyMap<string, WriterTask>;

interface TaskParts {
  readonly dataDir: string;
  readonly settings: Settings;
  /** That replicas share. */
  readonly state: State | undefined;
  readonly reading: FollowedWorkspace;
  readonly bus: Bus;
  readonly keys: SubjectKeys;
  readonly health: Pick<WriterHealth, 'calls' | 'regions'>;
  readonly alert: (message: string) => void;
  readonly filesWanted: () => void;
}

export function startTasks(parts: TaskParts): { readonly tasks: WriterTasks; readonly caseTerms: CaseTerms } {
  const { dataDir, settings, state, reading, bus, keys, health, alert, filesWanted } = parts;
  const around = { dataDir, settings, state };
  const caseTerms = watchCaseTerms({
    dataDir,
    settings: settings.state,
    state,
    calendars: () => reading.current().calendars,
    onTrouble: alert,
    onCalls: (problems) => health.calls(problems),
  });
  const tasks = new Map<string, WriterTask>([
    ['case-terms', caseTerms],
    ['subscriptions', new SubscriptionWatch({ ...around, nextOffset: nextOffsetOf(reading) })],
    ['files', new FileWatch({ ...around, keys, wanted: filesWanted })],
    ['quality', qualityOf(dataDir, bus, reading, alert)],
    ['case-errands', new ErrandWatch({ ...around, onProblems: health.regions })],
    ['notices', new NoticeWatch(around)],
    ['sharing-supply', new SupplyWatch(around)],
  ]);
  return { tasks, caseTerms };
}

/** How far the view has read; undefined while none is open. */
const nextOffsetOf =
  (reading: FollowedWorkspace): ConstructorParameters<typeof SubscriptionWatch>[0]['nextOffset'] =>
  () => {
    const { writer, workspace } = reading.open() ?? {};
    if (writer === undefined || workspace === undefined) return undefined;
    return (dataset, partition) => writer.nextOffset(dataTopic(workspace.prefix, dataset), partition);
  };

const qualityOf = (
  dataDir: string,
  bus: Bus,
  reading: FollowedWorkspace,
  onTrouble: (message: string) => void,
): QualityWatch =>
  new QualityWatch({
    dataDir,
    bus,
    onTrouble,
    open: () => {
      const open = reading.open();
      return open === undefined
        ? undefined
        : { workspace: open.workspace, view: open.writer.reader(), tickets: open.tickets };
    },
  });
