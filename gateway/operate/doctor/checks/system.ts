/** The machine: Node.js, who runs it, how much memory, how fast its disk makes an entry durable. */
import { totalmem } from 'node:os';
import { type Check, note, ok, warn } from '../port.js';

/** Memory of supervisor, writer and one worker with room for a report, and of each further worker. */
const BASE = 768 * 1_048_576;
const WORKER = 192 * 1_048_576;
const MIB = 1_048_576;

const check: Check = {
  about: 'Node.js, memory and the user that runs it',
  order: 0,
  async run(patient) {
    const { workers } = (await patient.settings()).gateway;
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const need = BASE + workers * WORKER;
    return [
      major > 20 || (major === 20 && minor >= 19)
        ? ok(`Node.js ${process.versions.node}`)
        : warn(
            `Node.js ${process.versions.node} is older than 20.19, which this was made for`,
            'install Node.js 24 (or 22)',
          ),
      ...(major === 20
        ? [note('Node.js 20 gets no security fixes any more (since April 2026)', 'install Node.js 24')]
        : []),
      totalmem() >= need
        ? ok(`${Math.round(totalmem() / MIB)} MiB of memory for ${workers} workers`)
        : warn(
            `${Math.round(totalmem() / MIB)} MiB of memory are little for ${workers} workers`,
            `give the machine ${Math.round(need / MIB)} MiB or lower \`gateway.workers\``,
          ),
      ...(process.getuid?.() === 0 && !patient.development
        ? [warn('this runs as root', 'run the gateway as a user of its own, who owns the data folder and nothing else')]
        : []),
    ];
  },
};
export default check;
