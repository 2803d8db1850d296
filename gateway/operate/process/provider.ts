/** Under `up`: the development provider, in a process of its own that exists only once somebody signs in. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { readSettings } from '../../ground/config/index.js';
import { demoPersons } from '../../http/provider/persons.js';
import { developmentProvider } from '../../http/provider/provider.js';

export interface ProviderArguments {
  readonly workspace: string;
  readonly issuer: string;
  readonly secretFile: string;
  readonly people: string;
}

process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => undefined);

const args = JSON.parse(process.argv[2] ?? '{}') as ProviderArguments;
const sockets: Socket[] = [];
let take = (socket: Socket): void => void sockets.push(socket);
process.on('message', (_message, socket) => {
  if (socket !== undefined) take(socket as Socket);
});

const workspace = await loadWorkspace(args.workspace);
const { people } = readSettings(workspace.settings, { file: join(args.workspace, 'yitong.json') }, process.env);
const port = new URL(args.people).port;
const server = createServer(
  developmentProvider({
    issuer: args.issuer,
    clientId: people.clientId,
    clientSecret: readFileSync(args.secretFile, 'utf8').trim(),
    redirectUris: [`https://127.0.0.1:${port}/callback`, `https://localhost:${port}/callback`],
    claims: { roles: people.rolesClaim, authority: people.authorityClaim, subjects: people.subjectsClaim },
    persons: await demoPersons(workspace),
    workspace,
    pki: dirname(args.secretFile),
  }),
);
// the sockets come from the process that holds the port
take = (socket) => {
  server.emit('connection', socket);
  socket.resume();
};
for (const socket of sockets) take(socket);
