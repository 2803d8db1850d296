/** How a journal is named. */

/** As a worker's journal is named; `sequencer-…` is the log's own. */
const JOURNAL = /^(?!sequencer-)[a-z][a-z0-9]{0,30}-[0-9a-f]{8}$/;

export const isJournalId = (id: string): boolean => JOURNAL.test(id);
