/** Puts blobs of three million bytes into a folder, one after the other, until it is killed. */
import { blobsInFolder } from '../../../gateway/ground/state/blobs.js';

const [, , data = '', n = '0'] = process.argv;
const blobs = blobsInFolder(data);
const folder = `00000000000000${Number(n).toString(16).padStart(2, '0')}`;
process.stdout.write('begun\n');
for (let i = 10; i < 1000; i++) {
  const name = i.toString(16);
  await blobs.put({ folder, name }, Buffer.alloc(3_000_000, name));
}
