/**
 * One delivery to a webhook: the connection first, so that what is decided and put on record then leaves at once; then
 * the request, signed as Standard Webhooks says (`v1a`, Ed25519 over id, time and body), and its answer.
 */
import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { isIP } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Client } from '../../../policies/types.js';
import { type Delivery, NotDelivered, type Outlet } from './outlet.js';

type Webhook = NonNullable<Client['webhook']>;

/** ms from the first byte out to the answer: a delivery is over before an end of its grant must have counted. */
const ANSWER_WITHIN = 3000;
const CONNECT_WITHIN = 3000;
/** RFC 8410: an Ed25519 key of 32 bytes as PKCS #8 and as SubjectPublicKeyInfo. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_BYTES = 12;

/** The key by which deliveries to one client are signed. */
export const signingKey = (secret: KeyObject, client: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([PKCS8, createHmac('sha256', secret).update(`webhook\0${client}`).digest()]),
    format: 'der',
    type: 'pkcs8',
  });

/** As Standard Webhooks writes it. */
export const publicKeyOf = (key: KeyObject): string =>
  `whpk_${createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_BYTES).toString('base64')}`;

/** What a webhook needs of a delivery. */
type Sent = Pick<Delivery, 'id' | 'body' | 'now' | 'signal'>;
interface Hook extends Pick<Outlet, 'close'> {
  /** @throws NotDelivered where it is not sure that it was taken */
  deliver(sent: Sent): Promise<void>;
}

/** @param key by which deliveries to it are signed @throws NotDelivered */
export async function reachWebhook(webhook: Webhook, key: KeyObject, signal: AbortSignal): Promise<Hook> {
  const socket = await connectTo(webhook, signal);
  return {
    deliver: (delivery) => deliver(socket, webhook, delivery, key),
    close: () => void socket.destroy(),
  };
}

async function connectTo({ url, ca }: Webhook, signal: AbortSignal): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const trusted = ca === undefined ? undefined : await readFile(ca).catch(() => undefined);
  if (ca !== undefined && trusted === undefined) throw new NotDelivered('the file of `webhook.ca` cannot be read');
  return await new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port: port === '' ? 443 : Number(port),
      minVersion: 'TLSv1.2',
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(trusted === undefined ? {} : { ca: trusted }),
    });
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
    };
    const fail = (why: string): void => {
      settle();
      socket.destroy();
      reject(new NotDelivered(why));
    };
    const stopped = (): void => fail('the delivery was stopped');
    const timer = setTimeout(() => fail('it takes no connection in time'), CONNECT_WITHIN);
    signal.addEventListener('abort', stopped);
    // also where it breaks before anything is sent on it
    socket.on('error', (error) => fail(`it takes no connection (${codeOf(error)})`));
    socket.once('secureConnect', () => {
      settle();
      resolve(socket);
    });
  });
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : 'no reason given');

/** @throws NotDelivered where it was not answered with success */
async function deliver(socket: TLSSocket, { url }: Webhook, delivery: Sent, key: KeyObject): Promise<void> {
  const { id, body, now, signal } = delivery;
  const { host, pathname, search } = new URL(url);
  const time = String(Math.floor(now / 1000));
  const signature = sign(null, Buffer.concat([Buffer.from(`${id}.${time}.`), body]), key).toString('base64');
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
      socket.destroy();
    };
    const fail = (why: string): void => {
      settle();
      reject(new NotDelivered(why));
    };
    const stopped = (): void => fail('the delivery was stopped');
    const timer = setTimeout(() => fail('it does not answer in time'), ANSWER_WITHIN);
    signal.addEventListener('abort', stopped);
    const request = httpRequest({
      createConnection: () => socket,
      method: 'POST',
      path: `${pathname}${search}`,
      headers: {
        host,
        connection: 'close',
        'content-type': 'application/x-ndjson; charset=utf-8',
        'content-length': body.length,
        'webhook-id': id,
        'webhook-timestamp': time,
        'webhook-signature': `v1a,${signature}`,
      },
    });
    request.once('error', (error) => fail(`the connection broke (${codeOf(error)})`));
    request.once('response', (response) => {
      const { statusCode = 0 } = response;
      response.destroy();
      if (statusCode < 200 || statusCode > 299) return fail(`it answers ${String(statusCode)}`);
      settle();
      resolve();
    });
    request.end(body);
  });
}
