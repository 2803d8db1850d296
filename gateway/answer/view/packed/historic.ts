/**
 * Reading the past: of each record the newest version that the moment holds, from what is current and what no longer
 * is.
 */
import type { VersionView } from '../port.js';
import { compareId, RecordView } from './record.js';

/**
 * @param past versions of the subject's dataset that are no longer current, and withdrawals, owned, in the order of
 * record id and then offset
 * @param current the current records of the subject's dataset, owned, in record-id order
 * @param holds whether a version was there at the moment asked about
 */
export function historicRead(
  past: Iterable<{ readonly value: Buffer }>,
  current: readonly Buffer[],
  holds: (version: VersionView) => boolean,
  visit: (version: VersionView) => void | boolean,
): void {
  const view = new RecordView();
  const chosen: { readonly id: Buffer; version: Buffer | undefined; withdrawn: boolean }[] = [];
  // in the order of record id and then offset: of one record, the later one that holds replaces the earlier one
  for (const { value } of past) {
    if (!holds(view.at(value, 0))) continue;
    const last = chosen.at(-1);
    const { withdrawn } = view;
    if (last !== undefined && compareId(value, 0, last.id) === 0) {
      last.version = value;
      last.withdrawn = withdrawn;
    } else {
      chosen.push({ id: view.idBytes(), version: value, withdrawn });
    }
  }
  let i = 0;
  const show = (version: Buffer): boolean => visit(view.at(version, 0)) !== false;
  for (const record of current) {
    if (!holds(view.at(record, 0))) continue;
    for (let past = chosen[i]; past !== undefined && compareId(record, 0, past.id) > 0; past = chosen[++i]) {
      if (!past.withdrawn && past.version !== undefined && !show(past.version)) return;
    }
    const same = chosen[i];
    if (same !== undefined && compareId(record, 0, same.id) === 0) i++;
    if (!show(record)) return;
  }
  for (; i < chosen.length; i++) {
    const past = chosen[i];
    if (past?.version !== undefined && !past.withdrawn && !show(past.version)) return;
  }
}
