/**
 * The reference of `query`: bare Fastify over mTLS, same Node, same TLS settings, answering the same number of bytes.
 * It parses the request's JSON as any Fastify does, and does nothing else. argv[2]: `{ pki, bytes }`; prints its port.
 */

import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Fastify from 'fastify';

const { pki, bytes } = JSON.parse(process.argv[2] ?? '{}') as { pki: string; bytes: number };
const answer = Buffer.alloc(bytes, 0x20);
answer.write('{"a":"');
answer.write('"}', bytes - 2);
const app = Fastify({
  logger: false,
  https: {
    ca: readFileSync(join(pki, 'ca.pem')),
    cert: readFileSync(join(pki, 'server', 'cert.pem')),
    key: readFileSync(join(pki, 'server', 'key.pem')),
    requestCert: true,
    rejectUnauthorized: true,
  },
});
app.post('/v1/query', (_request, reply) => {
  void reply.header('content-type', 'application/json; charset=utf-8').send(answer);
});
await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`);
process.on('SIGTERM', () => void app.close());
