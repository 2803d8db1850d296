/** What the programs share: where the gateway is, who asks, and how a refusal is told. */
import { connect, ConnectionError, GatewayError, type Client } from 'yitong/client';
import { join } from 'node:path';

function set(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`set ${name}; see README.md`);
  return value;
}

/** Runs `work` with a client and ends the process: 0 done, 1 refused, 2 no answer. */
export async function run(work: (gateway: Client) => Promise<void>): Promise<void> {
  const folder = set('CREDENTIALS');
  const gateway = connect({ api: set('API'), files: { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } }, { timeoutMs: 15_000 });
  try {
    await work(gateway);
  } catch (error) {
    if (error instanceof GatewayError) {
      console.error(`refused: ${error.code} (${String(error.status)}), request ${error.requestId ?? 'unknown'}: ${error.message}`);
      for (const { id, reason } of error.denial?.datasets ?? []) console.error(`  ${id}: ${reason ?? ''}`);
      process.exitCode = 1;
    } else if (error instanceof ConnectionError) {
      console.error(`no answer: ${error.code}`);
      process.exitCode = 2;
    } else throw error;
  } finally {
    gateway.close();
  }
}
