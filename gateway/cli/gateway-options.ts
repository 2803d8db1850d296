/** How a command reaches a gateway: the running `yitong up`, or the one that is named. */
import { YitongError } from '../../contracts/errors.js';
import { connect, connectionOf, type Client } from '../client/index.js';
import type { Invocation } from './command.js';
import { dataOption, folders, runningUp, text, workspaceOption } from './places.js';

export const gatewayOptions = {
  api: { type: 'string', describe: 'URL of the gateway; default: the running `yitong up`' },
  pki: { type: 'string', describe: 'PKI folder; default: that of the running `yitong up`' },
  workspace: workspaceOption,
  data: dataOption,
} as const;

/** @throws YitongError `bad_config` where no gateway runs and none is named */
export async function gatewayAs(client: string, values: Invocation['values']): Promise<Client> {
  const up = runningUp(folders(values).data);
  const api = text(values['api']) ?? up?.api;
  const pki = text(values['pki']) ?? up?.pki;
  if (api === undefined || pki === undefined) throw new YitongError('bad_config', 'no gateway runs here; start one with `npm start`, or name --api and --pki');
  return connect(await connectionOf(api, pki, client));
}
