/** What a running gateway says of itself on its health port. */
import { YitongError } from '../../../contracts/errors.js';
import { folders, program, runningFor, text, workspaceFlag } from '../../ground/files/places.js';
import type { Invocation, Option } from '../command.js';
import { type Samples, samplesIn } from './samples.js';

const PATIENCE = 5000;

export const healthOption: Option = {
  type: 'string',
  zh: '网关健康端口的地址；默认：正在运行的城市',
  describe: 'URL of a health port; default: the running `yitong up`',
};

export interface Look {
  readonly samples: Samples;
  /** Whether it says that it is ready. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** @throws YitongError `bad_config` where no city runs and none is named */
export function healthOf(values: Invocation['values']): string {
  const given = text(values['health']);
  if (given !== undefined) {
    if (!/^https?:\/\/\S+$/.test(given))
      throw new YitongError('bad_request', `\`--health\` is an address as http://127.0.0.1:8445, not \`${given}\``);
    return given.replace(/\/+$/, '');
  }
  const up = runningFor(values);
  if (up !== undefined) return up.health;
  const { workspace } = folders(values);
  throw new YitongError(
    'bad_config',
    `no city runs on the workspace \`${workspace}\`; start it with \`${program()} up${workspaceFlag(workspace)}\`, ` +
      'or name the health port of a gateway with `--health`',
  );
}

/** @throws YitongError `bad_request` where nobody answers */
export async function look(health: string): Promise<Look> {
  const ask = async (path: string): Promise<Response> => {
    try {
      return await fetch(`${health}${path}`, { signal: AbortSignal.timeout(PATIENCE) });
    } catch {
      throw new YitongError('bad_request', `nobody answers at \`${health}\``);
    }
  };
  const [metrics, ready] = await Promise.all([ask('/metrics'), ask('/health/ready')]);
  const words = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))) : [];
  const said = (await ready.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  return {
    samples: samplesIn(await metrics.text(), Date.now()),
    ready: ready.ok,
    reasons: words(said['reasons']),
    warnings: words(said['warnings']),
  };
}
