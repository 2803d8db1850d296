/** What the programs share: where the gateway is, who asks, and how a refusal is told. */

import { join } from 'node:path';
import { type Client, ConnectionError, connect, GatewayError } from 'yitong/client';

/** What the caller has to mend; told in one line. */
class Usage extends Error {}

function set(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Usage(`set ${name}; see README.md`);
  return value;
}

function client(): Client {
  const folder = set('CREDENTIALS');
  const api = set('API');
  if (!URL.canParse(api) || new URL(api).protocol !== 'https:')
    throw new Usage('API is an address like https://gateway.example:8443');
  return connect(
    { api, files: { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } },
    { timeoutMs: 15_000 },
  );
}

/**
 * Runs `work` with a client and the arguments of the command line, and ends the process: 0 done, 1 refused, 2 no
 * answer, or it could not ask.
 * @param usage how the program is called, and with how many arguments at least
 */
export async function run(
  usage: { readonly line: string; readonly least: number },
  work: (gateway: Client, args: readonly string[]) => Promise<void>,
): Promise<void> {
  const args = process.argv.slice(2);
  let gateway: Client | undefined;
  try {
    if (args.length < usage.least) throw new Usage(usage.line);
    gateway = client();
    await work(gateway, args);
  } catch (error) {
    if (error instanceof GatewayError) {
      console.error(
        `refused: ${error.code} (${String(error.status)}), request ${error.requestId ?? 'unknown'}: ${error.message}`,
      );
      for (const { id, reason } of error.denial?.datasets ?? []) console.error(`  ${id}: ${reason ?? ''}`);
      process.exitCode = 1;
    } else if (error instanceof ConnectionError) {
      console.error(`no answer: ${error.code}`);
      process.exitCode = 2;
    } else {
      // a certificate or key that cannot be read or used, or input that is none
      console.error(
        error instanceof Usage
          ? error.message
          : `could not ask: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
      );
      process.exitCode = 2;
    }
  } finally {
    gateway?.close();
  }
}
