/** The log's own key, as it is published beside the log. */
import { join } from 'node:path';
import { readIfThere } from '../../ground/files/read-if-there.js';
import { auditLayout } from '../entries/layout.js';

/** `<name>+<id>+<key>`; empty before the log has begun. */
export const readVkey = (dataDir: string): string =>
  readIfThere(join(auditLayout(dataDir).log, 'vkey'))
    ?.toString('utf8')
    .trim() ?? '';
