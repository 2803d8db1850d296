/** What a run of a feed did, in lines for an operator. */

import type { RunReport } from '../../connectors/report.js';

/** Every row of the run, accounted for in one line. */
export const runSummary = (dataset: string, report: RunReport): string =>
  `${dataset}: ${report.rows} rows = ${report.published} published + ${report.unchanged} unchanged + ` +
  `${report.merged} merged + ${report.quarantined} quarantined + ${report.skipped} skipped; ` +
  `${report.withdrawn} withdrawn; ${report.state}`;

/** What somebody should know of a run that went well: records held back, files passed over, a run that was cut off. */
export function runWarnings(dataset: string, report: RunReport): readonly string[] {
  const { cutOff, held, notes, backlogBytes = 0 } = report;
  const warnings: string[] = [];
  if (cutOff !== undefined)
    warnings.push(
      `the run that began at ${cutOff.began} was cut off after some ${cutOff.rows} rows; this one has started over`,
    );
  if (held !== undefined)
    warnings.push(
      `${held} records that left are still on record, since rows that cannot be read may be theirs; see ` +
        `\`yitong withdrawals list ${dataset}\``,
    );
  if (notes['older_files_left'] !== undefined)
    warnings.push(
      `${notes['older_files_left']} files of the folder are older than the newest by their names and were passed over`,
    );
  if (notes['backlog_high'] !== undefined)
    warnings.push(`the database must keep ${Math.round(backlogBytes / 1_048_576)} MiB of its log for this feed`);
  return warnings.map((warning) => `${dataset}: ${warning}`);
}
