/**
 * A network namespace for each node of a cluster, on one bridge, so that a link can be cut for real: packets vanish,
 * connections stay half-open, both sides find out by their own timeouts. Needs root and Linux's `ip`; `noNamespaces`
 * says why there are none.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';

function run(...command: readonly string[]): { readonly ok: boolean; readonly text: string } {
  const [file = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  return { ok: status === 0, text: status === 0 ? stdout : (stderr ?? 'it is not installed').trim() };
}

function must(...command: readonly string[]): string {
  const { ok, text } = run(...command);
  if (!ok) throw new Error(`\`${command.join(' ')}\`: ${text}`);
  return text;
}

/** Undefined where namespaces can be made; else the reason, for a test that is skipped by name. */
export function noNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `yt${randomBytes(4).toString('hex')}`;
  const { ok, text } = run('ip', 'netns', 'add', name);
  if (!ok) return `network namespaces cannot be made here: ${text}`;
  run('ip', 'netns', 'del', name);
  return undefined;
}

/** One node's end of the network. */
export interface Link {
  readonly address: string;
  /** What a command line begins with so that its process lives there. */
  readonly enter: readonly string[];
  /** `all`: nobody reaches the node and it reaches nobody. `nodes`: only the other nodes; clients still do. */
  cut(from: 'all' | 'nodes'): void;
  /** At most so many kbit/s leave towards the node. */
  slow(kilobits: number): void;
  heal(): void;
}

export interface Network {
  readonly links: readonly Link[];
  /** Nothing is left of it. May be called again, also when a process exits. */
  remove(): void;
}

export function makeNetwork(nodes: number): Network {
  const id = randomBytes(4).toString('hex');
  const bridge = `yt${id}`;
  const namespace = (node: number): string => `yt${id}n${node}`;
  const remove = (): void => {
    for (let node = 1; node <= nodes; node++) run('ip', 'netns', 'del', namespace(node));
    run('ip', 'link', 'del', bridge);
  };
  try {
    must('ip', 'link', 'add', bridge, 'type', 'bridge');
    // another cluster on this machine may have drawn the same network
    let network = '';
    do network = `10.${randomInt(128, 254)}.${randomInt(0, 256)}`;
    while (must('ip', '-o', '-4', 'route', 'show').includes(`${network}.`));
    must('ip', 'addr', 'add', `${network}.254/24`, 'dev', bridge);
    must('ip', 'link', 'set', bridge, 'up');
    const address = (node: number): string => `${network}.${node}`;
    const links = Array.from({ length: nodes }, (_, index): Link => {
      const node = index + 1;
      const port = `yt${id}${node}`;
      const inside = (...command: readonly string[]): string =>
        must('ip', 'netns', 'exec', namespace(node), ...command);
      must('ip', 'netns', 'add', namespace(node));
      must('ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace(node));
      must('ip', 'link', 'set', port, 'master', bridge, 'up');
      inside('ip', 'addr', 'add', `${address(node)}/24`, 'dev', 'eth0');
      inside('ip', 'link', 'set', 'eth0', 'up');
      inside('ip', 'link', 'set', 'lo', 'up');
      const others = Array.from({ length: nodes }, (_, other) => other + 1).filter((other) => other !== node);
      return {
        address: address(node),
        enter: ['ip', 'netns', 'exec', namespace(node)],
        cut(from) {
          if (from === 'all') must('ip', 'link', 'set', port, 'down');
          else for (const other of others) inside('ip', 'route', 'replace', 'blackhole', `${address(other)}/32`);
        },
        slow(kilobits) {
          must(
            'tc',
            'qdisc',
            'replace',
            'dev',
            port,
            'root',
            'tbf',
            'rate',
            `${kilobits}kbit`,
            'burst',
            '16kb',
            'latency',
            '2s',
          );
        },
        heal() {
          run('tc', 'qdisc', 'del', 'dev', port, 'root');
          for (const other of others)
            run('ip', 'netns', 'exec', namespace(node), 'ip', 'route', 'del', 'blackhole', `${address(other)}/32`);
          must('ip', 'link', 'set', port, 'up');
        },
      };
    });
    return { links, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
