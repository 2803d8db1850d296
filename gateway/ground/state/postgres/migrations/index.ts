/**
 * Every migration, oldest first. One that was released is never changed; what comes after it is a new one, which makes
 * functions with `CREATE OR REPLACE`.
 */
import state from './0001-state.js';
import hints from './0002-hints.js';

interface Migration {
  readonly name: string;
  /** @param schema quoted */
  readonly sql: (schema: string) => string;
}

export const migrations: readonly Migration[] = [
  { name: '0001-state', sql: state },
  { name: '0002-hints', sql: hints },
];
