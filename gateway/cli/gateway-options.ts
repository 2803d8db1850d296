/** How a command reaches a gateway: the running `yitong up`, or the one that is named. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorWordsOf } from '../../contracts/error-words.js';
import { YitongError } from '../../contracts/errors.js';
import { type Client, connect, connectionOf, GatewayError } from '../client/index.js';
import {
  dataOption,
  folders,
  program,
  runningFor,
  text,
  workspaceFlag,
  workspaceOption,
} from '../ground/files/places.js';
import type { Invocation } from './command.js';
import { didYouMean } from './near.js';

export const gatewayOptions = {
  api: {
    type: 'string',
    zh: '网关地址；默认：正在运行的城市',
    describe: 'URL of the gateway; default: the running `yitong up`',
  },
  pki: {
    type: 'string',
    zh: '证书目录；默认：正在运行的城市的证书目录',
    describe: 'PKI folder; default: that of the running `yitong up`',
  },
  workspace: workspaceOption,
  data: dataOption,
} as const;

export const sandboxOption = {
  type: 'boolean',
  zh: '在沙箱中查询：策略与授权是正式的，数据全部虚构',
  describe: 'in the sandbox: real policies and grants, invented records',
} as const;

/** Clients that have a certificate in a PKI folder. */
const clientsIn = (pki: string): readonly string[] =>
  existsSync(join(pki, 'clients')) ? readdirSync(join(pki, 'clients')).sort() : [];

/** Clients as which one can ask from here; none where no gateway runs and none is named. */
export function clientsThere(values: Invocation['values']): readonly string[] {
  const pki = text(values['pki']) ?? runningFor(values)?.pki;
  return pki === undefined ? [] : clientsIn(pki);
}

/** The first, for questions that every client may ask. */
export const someClient = (pki: string): string | undefined => clientsIn(pki)[0];

/**
 * @throws YitongError `bad_config` where no gateway runs and none is named, `bad_request` where the client has no
 * certificate
 */
export async function gatewayAs(client: string, values: Invocation['values']): Promise<Client> {
  const [given, folder] = [text(values['api']), text(values['pki'])];
  const up = given === undefined || folder === undefined ? runningFor(values) : undefined;
  const [api, pki] = [given ?? up?.api, folder ?? up?.pki];
  if (api === undefined || pki === undefined) {
    const { workspace } = folders(values);
    throw new YitongError(
      'bad_config',
      `no city runs on the workspace \`${workspace}\`; start it with \`${program()} ` +
        `up${workspaceFlag(workspace)}\`, name another with \`--workspace\`, or a gateway with \`--api\` and ` +
        `\`--pki\``,
    );
  }
  if (!existsSync(pki)) throw new YitongError('bad_request', `there is no PKI folder \`${pki}\``);
  const known = clientsIn(pki);
  if (!known.includes(client)) {
    const few =
      known.length <= 12
        ? ` there ${known.length === 1 ? 'is' : 'are'} ${known.map((one) => `\`${one}\``).join(', ') || 'none'}`
        : ` there are ${String(known.length)}, as folders in it`;
    throw new YitongError(
      'bad_request',
      `there is no certificate of a client \`${client}\` in ` +
        `\`${join(pki, 'clients')}\`${didYouMean(client, known) || ';'}${few}`,
    );
  }
  let address: URL;
  try {
    address = new URL(api);
  } catch {
    throw new YitongError('bad_request', `\`--api\` is an address as https://gateway.example:8443, not \`${api}\``);
  }
  if (address.protocol !== 'https:')
    throw new YitongError('bad_request', `\`--api\` begins with https://, not with \`${address.protocol}//\``);
  return connect(await connectionOf(api, pki, client));
}

/** Speaks as this client; a refusal of the gateway is told, and is exit 1. */
export async function askingAs(
  client: string,
  call: Invocation,
  act: (gateway: Client) => Promise<0 | 1>,
): Promise<0 | 1> {
  const gateway = await gatewayAs(client, call.values);
  try {
    return await act(gateway);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    call.json(error.problem);
    if (call.form === 'csv') console.error(`${error.message} [${error.code}]`);
    call.say(call.language === 'zh' ? errorWordsOf(error.code).zh : `${error.code}: ${error.message}`);
    return 1;
  } finally {
    gateway.close();
  }
}
