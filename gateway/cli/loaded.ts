/** What the first pass of all feeds loaded, for people. */
import type { FirstPass } from '../operate/children/messages.js';

const sum = (reports: readonly FirstPass[], of: (report: FirstPass) => number): number =>
  reports.reduce((all, report) => all + of(report), 0);

/** Rows that are published: what was read, without what waits in quarantine and what is not the dataset's. */
export const loadedRows = (reports: readonly FirstPass[]): number =>
  sum(reports, ({ rows, quarantined, skipped }) => rows - quarantined - skipped);

/** Words, and the number that goes before them; empty where nothing is held back. */
export function heldBack(reports: readonly FirstPass[]): string {
  const held = reports.filter(({ quarantined }) => quarantined > 0);
  return held.length === 0
    ? ''
    : `${sum(held, ({ quarantined }) => quarantined).toLocaleString('en')} rows of ${held.length} datasets: ` +
        `\`yitong quarantine list\` says why`;
}
