import { bytesOf, GatewayError } from '../../client/index.js';
import { text } from '../../ground/files/places.js';
import { serverFactory } from '../../http/api/mcp/server.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';
import { gatewayAs, gatewayOptions } from '../gateway-options.js';

const command: Command = {
  summary: 'the tools of agents on stdin and stdout (MCP), as a client of the city',
  zh: '在本机为智能体提供查询和办件工具，以某个应用的身份',
  group: 'line',
  usage: '--as client [--api URL --pki D | --workspace D]',
  examples: [
    'yitong mcp --as one-stop-counter',
    'yitong mcp --as one-stop-counter --api https://gateway.example:8443 --pki ./pki',
  ],
  options: {
    as: {
      type: 'string',
      zh: '以哪个应用的身份；其证书在证书目录中',
      describe: 'the client to ask as; its certificate stands in the PKI folder',
    },
    ...gatewayOptions,
  },
  async run(call) {
    const client = text(call.values['as']);
    if (client === undefined) throw new WrongUsage('say as which client, with `--as`');
    const gateway = await gatewayAs(client, call.values);
    const { serveStdio } = await import('@modelcontextprotocol/server/stdio');
    const factory = await serverFactory({
      methods: gateway,
      textOf: (answer) => bytesOf(answer)?.toString('utf8') ?? JSON.stringify(answer),
      problemOf: (error) => (error instanceof GatewayError ? error.problem : undefined),
    });
    // stdout is the agent's alone
    const served = serveStdio(factory, { maxSubscriptions: 0, onerror: ({ message }) => console.error(message) });
    await new Promise<void>((resolve) => {
      process.stdin.once('end', resolve);
      process.stdin.once('close', resolve);
      call.signal.addEventListener('abort', () => resolve(), { once: true });
      if (call.signal.aborted) resolve();
    });
    await served.close();
    gateway.close();
    return 0;
  },
};
export default command;
