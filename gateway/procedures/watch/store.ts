/**
 * Alerts and how far the log was watched, in one LMDB map of the data folder: what was found, the state that rules keep
 * for long, and the position are on disk together or not at all. Holds pseudonyms and keyed references, never a
 * subject, a name or a value.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import type { Finding } from './rule.js';

export interface Alert extends Omit<Finding, 'key' | 'period'> {
  /** 32 hex digits: of rule, key and period, so that what is found again is the same alert. */
  readonly id: string;
  readonly rule: string;
  /** ms since 1970, of the entry at which it was found */
  readonly time: number;
  /** Whether an `alert_raised` entry is in a journal. */
  readonly recorded: boolean;
  readonly acknowledged?: Acknowledgement;
}

interface Acknowledgement {
  /** ms since 1970 */
  readonly at: number;
  /** Who did it, and the note, under that person's own key. */
  readonly pseudonym: string;
  readonly enc: string;
}

/** How far the log was watched. */
interface Progress {
  /** The next entry. */
  readonly next: number;
  /** ms since 1970: time of the newest entry before it. */
  readonly time: number;
  /** By rule. */
  readonly states: Readonly<Record<string, unknown>>;
}

export interface AlertStore {
  progress(): Progress;
  /** New alerts and the progress in one transaction, on disk when it returns. @returns those that were not known */
  commit(alerts: readonly Alert[], progress: Progress): readonly Alert[];
  /** New alerts that come from no entry of the log, on disk when it returns. @returns those that were not known */
  raise(alerts: readonly Alert[]): readonly Alert[];
  /** Newest first. */
  list(): readonly Alert[];
  get(id: string): Alert | undefined;
  markRecorded(id: string): void;
  /** False if there is no such alert, or it was acknowledged before. */
  acknowledge(id: string, acknowledgement: Acknowledgement): boolean;
  /**
   * Alerts that were acknowledged before `before` (ms since 1970) and have their entry go, but for those that stand.
   * @returns how many
   */
  prune(before: number, standing: ReadonlySet<string>): number;
  /** Alerts ever raised, by rule. */
  counts(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

const PROGRESS = 'progress';
const PREFIX = 'alert/';
/** Of a rule: how many of its alerts went. */
const GONE = 'gone/';

export const alertId = (rule: string, { key, period }: Pick<Finding, 'key' | 'period'>): string =>
  createHash('sha256')
    .update(JSON.stringify([rule, key, period]))
    .digest('hex')
    .slice(0, 32);

export function openAlerts(dir: string): AlertStore {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'alerts');
  refuseDamaged(file, '`audit/alerts`', 'put it back from a backup (docs/faults.md)', true);
  const env = openEnv<unknown, string>({ file, encoding: 'json' });
  const map = env.root;
  chmodSync(file, 0o600);
  // only this file writes the map
  const get = (id: string): Alert | undefined => map.get(`${PREFIX}${id}`) as Alert | undefined;
  const list = (): Alert[] =>
    [...map.getRange({ start: PREFIX, end: `${PREFIX}~` })].map(({ value }) => value as Alert);
  const change = (id: string, parts: Partial<Alert>, may: (alert: Alert) => boolean = () => true): boolean =>
    env.writeSync(() => {
      const alert = get(id);
      if (alert === undefined || !may(alert)) return false;
      map.putSync(`${PREFIX}${id}`, { ...alert, ...parts });
      return true;
    });
  const add = (alerts: readonly Alert[]): Alert[] => {
    const fresh: Alert[] = [];
    for (const alert of alerts) {
      if (get(alert.id) !== undefined) continue;
      map.putSync(`${PREFIX}${alert.id}`, alert);
      fresh.push(alert);
    }
    return fresh;
  };
  return {
    progress: () => (map.get(PROGRESS) as Progress | undefined) ?? { next: 0, time: 0, states: {} },
    commit(alerts, progress) {
      return env.writeSync(() => {
        const fresh = add(alerts);
        map.putSync(PROGRESS, progress);
        return fresh;
      });
    },
    raise: (alerts) => (alerts.every(({ id }) => get(id) !== undefined) ? [] : env.writeSync(() => add(alerts))),
    list: () => list().sort((a, b) => b.time - a.time || (a.id < b.id ? -1 : 1)),
    get,
    markRecorded: (id) => void change(id, { recorded: true }),
    acknowledge: (id, acknowledged) => change(id, { acknowledged }, (alert) => alert.acknowledged === undefined),
    prune(before, standing) {
      const past = list().filter(
        ({ id, recorded, acknowledged }) =>
          recorded && acknowledged !== undefined && acknowledged.at < before && !standing.has(id),
      );
      if (past.length === 0) return 0;
      return env.writeSync(() => {
        for (const { id, rule } of past) {
          map.removeSync(`${PREFIX}${id}`);
          map.putSync(`${GONE}${rule}`, Number(map.get(`${GONE}${rule}`) ?? 0) + 1);
        }
        return past.length;
      });
    },
    counts() {
      const counts: Record<string, number> = Object.fromEntries(
        [...map.getRange({ start: GONE, end: `${GONE}~` })].map(({ key, value }) => [
          key.slice(GONE.length),
          Number(value),
        ]),
      );
      for (const { rule } of list()) counts[rule] = (counts[rule] ?? 0) + 1;
      return counts;
    },
    close: () => env.close(),
  };
}
