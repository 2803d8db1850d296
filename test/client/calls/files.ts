import type { FilesMethods } from '../../../gateway/http/api/files/client.js';
import type { Calls } from '../calls.js';

const FILE = 'file-0123456789abcdef01234567';

export const calls = (client: FilesMethods): Calls => ({
  orderFile: () => client.orderFile({ purpose: 'p', dataset: 'a.b', format: 'csv' }),
  files: () => client.files(),
  file: () => client.file(FILE),
  removeFile: () => client.removeFile(FILE),
  fileContent: () => client.fileContent({ id: FILE, sha256: '0' }).next(),
});
