/** Who signs documents that a command makes. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from '../ground/files/places.js';

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

export const documentsFlag = {
  documents: {
    type: 'string',
    describe:
      'folder with cert.pem and key.pem of who signs; default: `gateway.documents`, else pki/documents in ' +
      'the data folder',
  },
} as const;

/** @param configured `gateway.documents`, '' where nobody signs */
export const documentsFolder = (values: Values, configured: string, data: string): string =>
  resolve(
    text(values['documents']) ??
      (configured !== '' && existsSync(configured) ? configured : join(data, 'pki', 'documents')),
  );
