/** What is said where keys of subjects are damaged or lost: none is ever made anew in silence. */
import { YitongError } from '../../../contracts/errors.js';

/**
 * One subject's key is damaged: what stands under it cannot be read, and nothing more is put under it. Everything of
 * other subjects goes on.
 */
export class SubjectKeyDamaged extends YitongError {
  /** 32 hex digits; of the subject itself nothing is said. Undefined where even that is not known. */
  readonly pseudonym: string | undefined;
  constructor(pseudonym: string | undefined) {
    super(
      'store_damaged',
      `the key of subject \`${pseudonym ?? 'unknown'}\` is damaged; put \`audit/keys\` back from a backup ` +
        '(docs/faults.md)',
    );
    this.pseudonym = pseudonym;
  }
}

/** The store of keys as a whole is damaged or lost. */
export const keysLost = (what: string): YitongError =>
  new YitongError(
    'store_damaged',
    `the keys of subjects are damaged or lost (${what}): nobody can read what stands under them in the log; ` +
      `put \`audit/keys\` back from a backup (docs/faults.md)`,
  );
