/**
 * The data folder: whose it is, on what kind of disk, with how much room, and how long an entry takes to be durable
 * there.
 */
import { closeSync, existsSync, fdatasyncSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { auditLayout } from '../../../log/entries/layout.js';
import { openFindings, openToAll } from '../openness.js';
import { type Check, type Finding, fail, note, ok, warn } from '../port.js';

/** statfs(2) magic numbers of file systems that lose what is on them, or on which LMDB and locks must not stand. */
const MEMORY: ReadonlyMap<number, string> = new Map([
  [0x0102_1994, 'tmpfs'],
  [0x8584_58f6, 'ramfs'],
]);
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff53_4d42, 'CIFS'],
  [0xfe53_4d42, 'SMB'],
  [0x6573_5546, 'FUSE'],
  [0x0102_1997, '9p'],
  [0x00c3_6400, 'Ceph'],
]);
const OVERLAY = 0x794c_7630;
const MIB = 1_048_576;
const ROOM =
  '`yitong doctor --only growth` says what takes the room; docs/operating.md, "The disk fills", says what may go, ' +
  'and by which command: never by `rm` in here';
const SYNCS = 21;
/** ms: beyond it an answer waits for the disk longer than for everything else. */
const SLOW = 20;

/** ms of one small write made durable, the middle of some. */
function fdatasyncTime(dir: string): number {
  const file = join(dir, `.doctor-${process.pid}`);
  const fd = openSync(file, 'wx', 0o600);
  try {
    const block = Buffer.alloc(4096);
    const times = Array.from({ length: SYNCS }, (_, i) => {
      const before = performance.now();
      writeSync(fd, block, 0, block.length, (i % 4) * block.length);
      fdatasyncSync(fd);
      return performance.now() - before;
    });
    return times.sort((a, b) => a - b)[SYNCS >> 1] ?? 0;
  } finally {
    closeSync(fd);
    rmSync(file);
  }
}

const check: Check = {
  about: 'the data folder and its disk',
  order: 6,
  async run({ data }) {
    if (!existsSync(data)) return [note(`${data} is not there yet: the first start makes it`)];
    const writable = await access(data, constants.R_OK | constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!writable)
      return [
        fail(
          `${data} cannot be written by this user`,
          "run this as the user of the gateway; the folder must be that user's",
        ),
      ];
    const findings: Finding[] = [];
    const { type, bsize, blocks, bavail } = await statfs(data);
    const [memory, network] = [MEMORY.get(type), NETWORK.get(type)];
    if (memory !== undefined)
      findings.push(fail(`${data} is on ${memory}: a restart loses the log`, 'put the data folder on a disk'));
    else if (network !== undefined)
      findings.push(
        fail(
          `${data} is on ${network}: the view and the locks of the log need a local disk`,
          'put the data folder on a disk of this machine',
        ),
      );
    else if (type === OVERLAY)
      findings.push(
        warn(`${data} is in the layer of a container: it goes when the container goes`, 'mount a volume there'),
      );
    const [free, share] = [bavail * bsize, bavail / blocks];
    const said = `${Math.round(free / MIB).toLocaleString('en')} MiB free (${Math.round(share * 100)} %)`;
    if (free < 256 * MIB || share < 0.03)
      findings.push(fail(`${said}: when the disk is full every answer is 503`, ROOM));
    else if (free < 2048 * MIB || share < 0.1)
      findings.push(warn(`${said}: when the disk is full every answer is 503`, ROOM));
    else if (share < 0.2) findings.push(note(said, ROOM));
    else findings.push(ok(said));
    const time = fdatasyncTime(data);
    findings.push(
      time > SLOW
        ? warn(
            `one write takes ${time.toFixed(1)} ms to be durable: each answer waits for that`,
            'a disk with power-loss protection, or a volume with more IOPS',
          )
        : ok(`one write is durable in ${time.toFixed(2)} ms`),
    );
    const { log, ...hidden } = auditLayout(data);
    const open = [data, ...Object.values(hidden)].filter(
      (path) => existsSync(path) && statSync(path).isDirectory() && openToAll(path),
    );
    // a data folder may stand in one that everybody sees; what is in it may not
    const inside = open.filter(
      (path) =>
        path !== data ||
        readdirSync(path).some((name) => (statSync(join(data, name)).mode & 0o007) !== 0 && name !== 'log'),
    );
    findings.push(...openFindings('look into', inside, '700'));
    if (!existsSync(log)) findings.push(note('there is no log yet: nothing was ever asked here'));
    return findings;
  },
};
export default check;
