/** The two ports of a worker, mTLS and people's: made with their limits, opened, and given new certificates. */

import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TlsOptions, Server as TlsServer } from 'node:tls';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { type CertificateFiles, type Pair, readPair } from '../../answer/inforce/certificates.js';
import type { InForce } from '../../answer/inforce/snapshot.js';
import type { WorkerContext } from '../../documents/context.js';
import type { GatewaySettings } from '../../ground/config/index.js';
import { countCut } from '../../ground/counts/counts.js';
import { SAFE_TLS, serverTlsOptions } from '../../ground/identity/tls.js';
import { descriptorLimit } from '../../ground/sockets/descriptors.js';
import { type GateLimits, gate } from '../../ground/sockets/gate.js';
import { gateLimits, ofEach } from '../../ground/sockets/limits.js';
import { buildApp } from '../../http/app.js';
import { countRequests } from '../../http/plugins/metrics.js';
import type { Leaving } from './leaving.js';

/** Where the server's certificate stands; under `up` with the development CA. @throws YitongError `bad_config` */
export function serverFiles(gateway: GatewaySettings, developmentPki: string | undefined): CertificateFiles {
  if (developmentPki !== undefined)
    return { cert: join(developmentPki, 'server', 'cert.pem'), key: join(developmentPki, 'server', 'key.pem') };
  if (gateway.serverCert === '' || gateway.serverKey === '')
    throw new YitongError('bad_config', '`gateway.serverCert` and `gateway.serverKey` must name PEM files');
  return { cert: gateway.serverCert, key: gateway.serverKey };
}

interface WorkerPortsParts {
  readonly context: WorkerContext;
  readonly gateway: GatewaySettings;
  readonly files: CertificateFiles;
  readonly anchors: () => InForce['anchors'];
  readonly leave: Leaving;
  readonly log: FastifyBaseLogger;
}

const portOf = ({ server }: FastifyInstance): number => (server.address() as AddressInfo).port;

export class WorkerPorts {
  readonly #parts: WorkerPortsParts;
  readonly #limits: GateLimits;
  readonly #api: FastifyInstance;
  #people: FastifyInstance | undefined;
  #pair: Pair;

  private constructor(parts: WorkerPortsParts, pair: Pair, limits: GateLimits, api: FastifyInstance) {
    this.#parts = parts;
    this.#limits = limits;
    this.#api = api;
    this.#pair = pair;
  }

  /** Reads the certificate, registers routes of systems; nothing listens yet. @throws YitongError `bad_config` */
  static async prepare(parts: WorkerPortsParts): Promise<WorkerPorts> {
    const { context, gateway, leave, log, anchors } = parts;
    const pair = await readPair(parts.files);
    const limits = gateLimits(gateway, descriptorLimit());
    if (limits.open < ofEach(gateway.maxConnections, gateway.workers))
      log.warn(
        { connections: limits.open },
        'fewer connections than `gateway.maxConnections` are taken on each port: this process may not open more ' +
          'files (`ulimit -n`)',
      );
    const { ServerResponse } = leave;
    const api = await buildApp('api', context, {
      logger: log,
      https: { ...apiTls(pair, anchors()), ServerResponse },
    });
    return new WorkerPorts(parts, pair, limits, api);
  }

  /**
   * Once both listen: where. Systems are answered while the pages of people are still being made; who does not know the
   * address before has it from here.
   */
  async open(starting: (what: string) => void): Promise<{ api: number; people: number }> {
    const { context, gateway, leave, log } = this.#parts;
    this.#watch('api', this.#api);
    await listenOn(this.#api, gateway.host, gateway.port);
    starting('prepares its pages');
    const { ServerResponse } = leave;
    this.#people = await buildApp(
      'people',
      { ...context, described: () => this.#api.describe() },
      { logger: log, https: { ...peopleTls(this.#pair), ServerResponse } },
    );
    this.#watch('people', this.#people);
    await listenOn(this.#people, gateway.peopleHost, gateway.peoplePort);
    return { api: portOf(this.#api), people: portOf(this.#people) };
  }

  #watch(port: 'api' | 'people', app: FastifyInstance): void {
    countRequests(app, port);
    gate(app.server, this.#limits, (why) => countCut(port, why));
    this.#parts.leave.watch(app.server);
  }

  /** Other anchors are in force; on connections that are open the identifier asks for the anchor at each request. */
  renewAnchors(): void {
    renewed(this.#api, apiTls(this.#pair, this.#parts.anchors()));
  }

  useCertificate(pair: Pair): void {
    this.#pair = pair;
    this.renewAnchors();
    if (this.#people !== undefined) renewed(this.#people, peopleTls(pair));
  }

  async close(): Promise<void> {
    await Promise.all([this.#api.close(), this.#people?.close()]);
  }
}

const apiTls = ({ cert, key }: Pair, anchors: InForce['anchors']): TlsOptions =>
  serverTlsOptions({ cert, key, anchors });

const peopleTls = ({ cert, key }: Pair): TlsOptions => ({ ...SAFE_TLS, cert, key });

/** New connections have the new options. */
function renewed({ server }: FastifyInstance, options: TlsOptions): void {
  const tls: unknown = server;
  if (tls instanceof TlsServer) tls.setSecureContext(options);
}

const TRIES = 5;

/**
 * Opens a port. Of a free one (0) the system may give the same to two programs that have not listened on it yet, since
 * both let it be used again; the later one finds it taken, and asks for another. A port that was named is asked for
 * once.
 */
async function listenOn(app: FastifyInstance, host: string, port: number): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      await app.listen({ host, port });
      return;
    } catch (error) {
      if (port !== 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tried === TRIES) throw error;
    }
  }
}
