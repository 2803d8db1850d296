/** `--health-port` of programs that are not a gateway: health and metrics of a connector or a witness. */
import { YitongError } from '../../contracts/errors.js';
import { text } from '../ground/files/places.js';
import type { FiguresServer, Served } from '../operate/metrics/serve.js';
import { serveFigures } from '../operate/metrics/serve.js';

export const healthOptions = {
  'health-port': {
    type: 'string',
    describe: 'health and metrics over plain HTTP on this port; 0 takes a free one and says it; default: none',
  },
  'health-host': { type: 'string', describe: 'address of that port; default 127.0.0.1' },
} as const;

/** Undefined where no port is wanted. @throws YitongError `bad_config` */
export async function healthServer(
  values: Readonly<Record<string, string | boolean | string[] | undefined>>,
  served: Omit<Served, 'host' | 'port'>,
): Promise<(FiguresServer & { readonly url: string }) | undefined> {
  const given = text(values['health-port']);
  const host = text(values['health-host']) ?? '127.0.0.1';
  if (given === undefined) {
    if (values['health-host'] !== undefined)
      throw new YitongError('bad_config', '`--health-host` needs `--health-port`');
    return undefined;
  }
  const port = Number(given);
  if (!/^\d{1,5}$/.test(given) || port > 65_535)
    throw new YitongError('bad_config', `\`--health-port\` is a whole number up to 65535, not \`${given}\``);
  const server = await serveFigures({ ...served, host, port });
  return { ...server, url: `http://${host.includes(':') ? `[${host}]` : host}:${server.port}` };
}
