/**
 * Certificates for keys that stay with whoever asks. The list of them is the certificates themselves, a file each, in
 * the folder of their client: what a file says counts only where this CA signed it for that client and number, and the
 * name of the file is enough to revoke what it held. What is revoked the revocation list says, and nothing else.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { type ClientId, clientId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { certificateFacts } from '../../ground/identity/certificate.js';
import { type Serial, serialHex } from '../../ground/identity/der.js';
import { DEVELOPMENT } from '../../ground/identity/development-certificate.js';
import {
  type AskedCertificate,
  MOST_IN_FORCE,
  MOST_IN_TERM,
  type OnRecord,
  type OwnCertificate,
  type OwnCertificates,
  type PutOnRecord,
  TERM_DAYS,
} from '../../ground/identity/own-certificates.js';
import { keyDigest } from '../../ground/identity/signing-request.js';
import { addIssued, heldList, newSerial, readIssued, readIssuer, renewRevoked, save } from './authority.js';
import { underLock } from './lock.js';
import { makeLeaf } from './x509.js';

const TERM = TERM_DAYS * 86_400_000;
/** A clock that is a little behind ours has it good at once. */
const BEFORE = 5 * 60_000;
const FILE = /^([0-9A-F]{1,40})\.pem$/;

export const requestedFile = (dir: string, client: ClientId, serial: string): string =>
  join(dir, 'clients', client, 'requested', `${serial}.pem`);

interface Ca {
  readonly root: X509Certificate;
  readonly revoked: ReadonlyMap<Serial, number>;
}

/** @throws YitongError `certificates_damaged`: of nothing could be said whether it is in force */
async function readCa(dir: string): Promise<Ca> {
  try {
    const { signer, revoked } = await heldList(dir);
    return { root: signer, revoked };
  } catch (cause) {
    throw new YitongError(
      'certificates_damaged',
      'the certificate of the development CA or its revocation list cannot be read; put `ca.pem` and `crl.pem` back ' +
        'from a backup',
      { place: { file: dir }, cause },
    );
  }
}

/** Undefined where it is not what this CA issued to the client under that number. */
function contentOf(pem: string, client: ClientId, serial: Serial, root: X509Certificate): OwnCertificate['content'] {
  try {
    const certificate = new X509Certificate(pem);
    const facts = certificateFacts(certificate);
    if (
      facts.serial !== serial ||
      facts.subject !== `O=${DEVELOPMENT}, CN=${client}` ||
      !certificate.verify(root.publicKey)
    )
      return undefined;
    return {
      from: facts.notBefore,
      until: facts.notAfter,
      fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
      key: keyDigest(certificate.publicKey),
      pem,
    };
  } catch {
    return undefined;
  }
}

const namesIn = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
};

/** Those that have a folder; what is called otherwise is none. */
const clientsIn = async (dir: string): Promise<readonly ClientId[]> =>
  (await namesIn(join(dir, 'clients'))).flatMap((name) => {
    try {
      return [clientId(name)];
    } catch {
      return [];
    }
  });

class Requested implements OwnCertificates {
  readonly #dir: string;
  readonly #now: () => number;

  constructor(dir: string, now: () => number) {
    this.#dir = dir;
    this.#now = now;
  }

  async list(client: ClientId): Promise<readonly OwnCertificate[]> {
    return this.#listOf(client, await readCa(this.#dir));
  }

  issue(asked: AskedCertificate, record: PutOnRecord): Promise<OnRecord> {
    return underLock(this.#dir, async () => {
      const client = clientId(asked.client);
      const ca = await readCa(this.#dir);
      this.#refuseMore(await this.#listOf(client, ca));
      await this.#refuseUsed(asked.key.digest, ca);
      const before = await readIssued(this.#dir);
      const { pem, what } = await this.#sign({ ...asked, client }, ca);
      await record(what);
      await addIssued(this.#dir, before, { serial: what.serial, client });
      await save(requestedFile(this.#dir, client, what.serial), pem, 0o644);
      return what;
    });
  }

  revoke(client: ClientId, serial: string, record: PutOnRecord): Promise<boolean> {
    return underLock(this.#dir, async () => {
      const ca = await readCa(this.#dir);
      const found = (await this.#listOf(client, ca)).find((one) => one.serial === serial);
      if (found === undefined) throw new YitongError('not_found', 'the client has no such certificate');
      if (found.state === 'revoked' || found.state === 'expired') return false;
      const { content } = found;
      await record({
        client,
        serial: found.serial,
        ...present({ fingerprint: content?.fingerprint, until: content?.until }),
      });
      await renewRevoked(this.#dir, [found.serial], this.#now());
      return true;
    });
  }

  async #listOf(client: ClientId, { root, revoked }: Ca): Promise<readonly OwnCertificate[]> {
    const folder = join(this.#dir, 'clients', clientId(client), 'requested');
    const serials = (await namesIn(folder)).flatMap((name) => FILE.exec(name)?.[1] ?? []).map(serialHex);
    const all = await Promise.all(
      serials.map(async (serial): Promise<OwnCertificate> => {
        const pem = await readFile(requestedFile(this.#dir, client, serial), 'utf8').catch(() => '');
        const content = contentOf(pem, client, serial, root);
        const revokedAt = revoked.get(serial);
        const state =
          revokedAt !== undefined
            ? 'revoked'
            : content === undefined
              ? 'damaged'
              : // written so that a time that is no number does not end one
                this.#now() >= content.until
                ? 'expired'
                : 'in_force';
        return { client, serial, state, ...present({ content, revokedAt }) };
      }),
    );
    const at = ({ content }: OwnCertificate): number => content?.from ?? Number.MAX_SAFE_INTEGER;
    return all.sort((a, b) => at(b) - at(a) || (a.serial < b.serial ? -1 : 1));
  }

  #refuseMore(own: readonly OwnCertificate[]): void {
    const inForce = own.filter(({ state }) => state === 'in_force' || state === 'damaged');
    const inTerm = own.filter(({ content, revokedAt }) =>
      content === undefined ? this.#now() < (revokedAt ?? Infinity) + TERM : this.#now() < content.until,
    );
    if (inForce.length >= MOST_IN_FORCE || inTerm.length >= MOST_IN_TERM)
      throw new YitongError(
        'too_many_certificates',
        `a client has at most ${String(MOST_IN_FORCE)} certificates in force, and at most ${String(MOST_IN_TERM)} ` +
          'that were issued within their term; revoke one, or wait',
      );
  }

  /** A key that was given up, lost or told to somebody must not come back under another number. */
  async #refuseUsed(digest: string, ca: Ca): Promise<void> {
    for (const client of await clientsIn(this.#dir))
      for (const { content } of await this.#listOf(client, ca))
        if (content?.key === digest)
          throw new YitongError('certificate_key_used', 'this key has had a certificate; make a new key');
  }

  async #sign(
    { client, uri, key }: AskedCertificate,
    { root }: Ca,
  ): Promise<{ readonly pem: string; readonly what: OnRecord }> {
    const serial = newSerial();
    const now = this.#now();
    const pem = await makeLeaf(await readIssuer(this.#dir), {
      organisation: DEVELOPMENT,
      common: client,
      serialNumber: serial,
      use: 'client',
      publicKey: Uint8Array.from(key.spki),
      names: [{ type: 'url', value: uri }],
      notBefore: new Date(now - BEFORE),
      notAfter: new Date(Math.min(now + TERM, Date.parse(root.validTo))),
    });
    const content = contentOf(pem, client, serialHex(serial), root);
    if (content === undefined) throw new Error('what the CA signed is not what it was to sign');
    return {
      pem,
      what: { client, serial: serialHex(serial), fingerprint: content.fingerprint, until: content.until },
    };
  }
}

/** @param dir of the CA */
export const openOwnCertificates = (dir: string, now: () => number): OwnCertificates => new Requested(dir, now);
