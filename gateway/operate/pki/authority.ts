/**
 * A development CA in a folder:
 *   ca.pem ca.key crl.pem issued.json   server/{cert,key}.pem   clients/<client>/{cert,key}.pem [bundle.p12
 *   bundle.password] [old/<serial>/…] [requested/<serial>.pem]   documents/{cert,key}.pem [old/<serial>.pem]
 * `requested` has what was issued for keys of others (`own-certificates.ts`), `issuing.lock` whoever changes what is
 * issued or revoked. Keys and passwords are readable by their owner only. Production brings its own CA.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { clientId } from '../../../contracts/ids.js';
import { replaceFile } from '../../ground/files/durable.js';
import { type Serial, serialHex } from '../../ground/identity/der.js';
import { DEVELOPMENT } from '../../ground/identity/development-certificate.js';
import { readRevocationList } from '../../ground/identity/revocation.js';
import { underLock } from './lock.js';
import { makeP12 } from './p12.js';
import { type Issuer, keyPem, makeCrl, makeKeys, makeLeaf, makeRoot, readSigningKey } from './x509.js';

const DAY = 86_400_000;
const CRL_DAYS = 30;
/** What ends sooner is made anew when a folder is prepared. */
const SOON_DAYS = 30;
const TRUST_DOMAIN = 'yitong.example';
export const spiffeOf = (client: string, trustDomain: string = TRUST_DOMAIN): string =>
  `spiffe://${trustDomain}/client/${client}`;

/** A reader never meets half a file, also after a power cut. */
export async function save(path: string, data: string | Buffer, mode: 0o600 | 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  replaceFile(path, data, { mode });
}

export async function readIssuer(dir: string): Promise<Issuer> {
  const read = (file: string): Promise<string> =>
    readFile(join(dir, file), 'utf8').catch((cause: unknown) => {
      throw new YitongError('bad_config', `there is no development CA in \`${dir}\`; \`yitong pki init\` makes one`, {
        cause,
      });
    });
  return { certificate: await read('ca.pem'), key: await readSigningKey(await read('ca.key')) };
}

/** Sixteen random bytes, positive and with a first byte that stays in every notation. */
export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

interface Issued {
  readonly serial: string;
  readonly client: string;
}
const isIssued = (one: unknown): one is Issued =>
  typeof one === 'object' &&
  one !== null &&
  'serial' in one &&
  typeof one.serial === 'string' &&
  'client' in one &&
  typeof one.client === 'string';

/** @throws YitongError `certificates_damaged` where the list is none */
export async function readIssued(dir: string): Promise<readonly Issued[]> {
  const path = join(dir, 'issued.json');
  if (!existsSync(path)) return [];
  try {
    const list = JSON.parse(await readFile(path, 'utf8')) as unknown;
    if (Array.isArray(list) && list.every(isIssued)) return list;
  } catch {
    // said below
  }
  throw new YitongError(
    'certificates_damaged',
    'the list of what the CA issued cannot be read, so what is issued now could not be revoked by its client; ' +
      'put `issued.json` back from a backup',
    { place: { file: path } },
  );
}

/** Before a certificate is given out, so that it can always be revoked by its client. */
export async function addIssued(dir: string, issued: readonly Issued[], one: Issued): Promise<void> {
  await save(join(dir, 'issued.json'), JSON.stringify([...issued, one]), 0o644);
}
const enter = (dir: string, one: Issued): Promise<void> =>
  underLock(dir, async () => addIssued(dir, await readIssued(dir), one));

async function writeCrl(
  dir: string,
  issuer: Issuer,
  revoked: ReadonlyMap<string, number>,
  now: Date,
  until: Date,
): Promise<void> {
  await save(join(dir, 'crl.pem'), await makeCrl(issuer, revoked, now, until), 0o644);
}

interface Times {
  /** Default: now. */
  readonly now?: Date;
}

/** Makes the CA and its empty revocation list. What exists is left as it is: false. */
export async function initPki(dir: string, { now = new Date() }: Times = {}): Promise<boolean> {
  if (existsSync(join(dir, 'ca.pem')) && existsSync(join(dir, 'ca.key'))) return false;
  // the certificate is written last: with it the CA was whole, and what it issued may be in use
  if (existsSync(join(dir, 'ca.pem')))
    throw new YitongError(
      'bad_config',
      `\`${dir}\` holds the certificate of a CA and not its key; put \`ca.key\` back, or take another folder ` +
        'for a new CA',
    );
  const keys = await makeKeys('ec');
  const span = { notBefore: new Date(now.getTime() - DAY), notAfter: new Date(now.getTime() + 3650 * DAY) };
  const serial = newSerial();
  const certificate = await makeRoot(DEVELOPMENT, `Yitong development CA ${serial.slice(-8)}`, serial, keys, span);
  await save(join(dir, 'ca.key'), await keyPem(keys.privateKey), 0o600);
  await writeCrl(dir, { certificate, key: keys.privateKey }, new Map(), now, new Date(now.getTime() + CRL_DAYS * DAY));
  // last, since it tells that the rest is there
  await save(join(dir, 'ca.pem'), certificate, 0o644);
  return true;
}

interface Files {
  readonly cert: string;
  readonly key: string;
}

/** @param names DNS names and addresses beside `localhost`, `127.0.0.1` and `::1` */
export async function issueServer(
  dir: string,
  names: readonly string[] = [],
  { now = new Date() }: Times = {},
): Promise<Files> {
  const issuer = await readIssuer(dir);
  const keys = await makeKeys('ec');
  const all = [...new Set(['localhost', '127.0.0.1', '::1', ...names])];
  const certificate = await makeLeaf(issuer, {
    organisation: DEVELOPMENT,
    common: names[0] ?? 'localhost',
    serialNumber: newSerial(),
    use: 'server',
    publicKey: keys.publicKey,
    names: all.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
    notBefore: new Date(now.getTime() - DAY),
    notAfter: new Date(now.getTime() + 365 * DAY),
  });
  const files = { cert: join(dir, 'server/cert.pem'), key: join(dir, 'server/key.pem') };
  await save(files.key, await keyPem(keys.privateKey), 0o600);
  await save(files.cert, certificate, 0o644);
  return files;
}

interface ClientOptions extends Times {
  readonly trustDomain?: string;
  /** Default: the one URI `spiffe://<trust domain>/client/<client>`. */
  readonly spiffe?: readonly string[];
  readonly rsa?: boolean;
  /** Good for a server too, as the certificate of a replica must be. */
  readonly server?: boolean;
  /** Adds `bundle.p12` and `bundle.password`. */
  readonly p12?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

interface ClientFiles extends Files {
  /** Hex. */
  readonly serial: string;
  readonly p12?: string;
  readonly password?: string;
}

/** What a client has: the files of its last certificate. */
const CLIENT_FILES = ['cert.pem', 'key.pem', 'bundle.p12', 'bundle.password'] as const;

/**
 * The certificate that a client has; undefined if it has none. A key without one counts as well: it may belong to one
 * that is in use.
 */
export async function heldBy(
  dir: string,
  client: string,
): Promise<{ readonly folder: string; readonly serial: string; readonly notAfter: Date } | undefined> {
  const folder = join(dir, 'clients', clientId(client));
  if (!CLIENT_FILES.some((file) => existsSync(join(folder, file)))) return undefined;
  try {
    const { serialNumber, validTo } = new X509Certificate(await readFile(join(folder, 'cert.pem')));
    return { folder, serial: serialHex(serialNumber), notAfter: new Date(validTo) };
  } catch {
    return { folder, serial: `unreadable-${String(Date.now())}`, notAfter: new Date(0) };
  }
}

/**
 * Keeps what a client has in `old/<serial>`: nothing that may be in use is lost. Who follows the files finds a
 * certificate there at each moment.
 */
async function putAside(dir: string, client: string): Promise<void> {
  const held = await heldBy(dir, client);
  if (held === undefined) return;
  const to = join(held.folder, 'old', held.serial);
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const file of CLIENT_FILES)
    if (existsSync(join(held.folder, file))) await copyFile(join(held.folder, file), join(to, file));
  // a bundle is of its certificate: beside another one it would be taken for that one's
  for (const file of ['bundle.p12', 'bundle.password']) await rm(join(held.folder, file), { force: true });
}

/**
 * Under a new key. What the client had is kept in `old/<serial>/`; it stays good until it is revoked.
 * @throws YitongError `bad_config` without a CA
 */
export async function issueClient(dir: string, client: string, options: ClientOptions = {}): Promise<ClientFiles> {
  const id = clientId(client);
  const { now = new Date(), rsa = false, p12 = false, server = false } = options;
  const issuer = await readIssuer(dir);
  const keys = await makeKeys(rsa ? 'rsa' : 'ec');
  const uris = options.spiffe ?? [spiffeOf(id, options.trustDomain)];
  const serial = newSerial();
  const certificate = await makeLeaf(issuer, {
    organisation: DEVELOPMENT,
    common: id,
    serialNumber: serial,
    use: server ? 'both' : 'client',
    publicKey: keys.publicKey,
    names: uris.map((value) => ({ type: 'url', value })),
    notBefore: options.notBefore ?? new Date(now.getTime() - DAY),
    notAfter: options.notAfter ?? new Date(now.getTime() + 365 * DAY),
  });
  const folder = join(dir, 'clients', id);
  const key = await keyPem(keys.privateKey);
  await enter(dir, { serial: serialHex(serial), client: id });
  await putAside(dir, id);
  await save(join(folder, 'key.pem'), key, 0o600);
  await save(join(folder, 'cert.pem'), certificate, 0o644);
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), serial: serialHex(serial) };
  if (!p12) return files;
  const password = randomBytes(18).toString('base64url');
  await save(join(folder, 'bundle.p12'), makeP12([certificate, issuer.certificate], key, id, password), 0o600);
  await save(join(folder, 'bundle.password'), `${password}\n`, 0o600);
  return { ...files, p12: join(folder, 'bundle.p12'), password: join(folder, 'bundle.password') };
}

interface DocumentSignerOptions extends Times {
  readonly rsa?: boolean;
  /** Where `cert.pem` and `key.pem` are to stand; default: `documents` in the folder of the CA. */
  readonly to?: string;
}

/**
 * Issues the certificate by which a workspace signs documents, under a new key. The one before is kept as
 * `old/<serial>.pem`, its key is not: what was signed stays good.
 * @param common who signs, as it stands on documents
 * @throws YitongError `bad_config` without a CA
 */
export async function issueDocumentSigner(
  dir: string,
  common: string,
  { now = new Date(), rsa = false, to = join(dir, 'documents') }: DocumentSignerOptions = {},
): Promise<Files & { readonly serial: string }> {
  const issuer = await readIssuer(dir);
  const keys = await makeKeys(rsa ? 'rsa' : 'ec');
  const serial = newSerial();
  const certificate = await makeLeaf(issuer, {
    organisation: DEVELOPMENT,
    common,
    serialNumber: serial,
    use: 'documents',
    publicKey: keys.publicKey,
    names: [],
    notBefore: new Date(now.getTime() - DAY),
    notAfter: new Date(now.getTime() + 365 * DAY),
  });
  const files = { cert: join(to, 'cert.pem'), key: join(to, 'key.pem'), serial: serialHex(serial) };
  await enter(dir, { serial: files.serial, client: 'document-signer' });
  if (existsSync(files.cert)) {
    const before = await readFile(files.cert, 'utf8');
    await save(join(to, 'old', `${serialHex(new X509Certificate(before).serialNumber)}.pem`), before, 0o644);
  }
  await save(files.key, await keyPem(keys.privateKey), 0o600);
  await save(files.cert, certificate, 0o644);
  return files;
}

interface RevokeOptions extends Times {
  /** End of the new list's validity; default: thirty days. */
  readonly nextUpdate?: Date;
}

/** The revocation list as it stands, with the CA's certificate that signed it. */
export const heldList = async (dir: string): Promise<ReturnType<typeof readRevocationList>> =>
  readRevocationList(await readFile(join(dir, 'crl.pem'), 'utf8'), [
    new X509Certificate(await readFile(join(dir, 'ca.pem'))),
  ]);

/** Adds to the revocation list and writes it anew, under the lock of the folder. @returns those that were not on it */
async function addRevoked(
  dir: string,
  serials: readonly Serial[],
  now: Date,
  until: Date = new Date(now.getTime() + CRL_DAYS * DAY),
): Promise<readonly Serial[]> {
  const revoked = new Map<Serial, number>((await heldList(dir)).revoked);
  const added = serials.filter((one) => !revoked.has(one));
  for (const one of added) revoked.set(one, now.getTime());
  await writeCrl(dir, await readIssuer(dir), revoked, now, until);
  return added;
}

/**
 * The same with a list that is not older than the one that stands, also where the clock was set back: an older one is
 * taken by no worker.
 */
export async function renewRevoked(dir: string, serials: readonly Serial[], now: number): Promise<void> {
  const { thisUpdate, number } = await heldList(dir);
  await addRevoked(dir, serials, new Date(Math.max(now, thisUpdate, Number(number ?? 0n))));
}

/**
 * Revokes a certificate by its serial number (hex), or all of a client, and writes the list anew. Without `which` the
 * list is only renewed.
 * @returns the serial numbers that were newly revoked
 * @throws YitongError `bad_config` if the CA issued nothing of that name
 */
export async function revoke(
  dir: string,
  which?: string,
  { now = new Date(), nextUpdate }: RevokeOptions = {},
): Promise<readonly string[]> {
  // says that there is none, before a lock is looked for in its folder
  await readIssuer(dir);
  const serial = which === undefined ? undefined : serialHex(which);
  return underLock(dir, async () => {
    const found =
      which === undefined
        ? []
        : (await readIssued(dir))
            .filter((issued) => issued.client === which || issued.serial === serial)
            .map((issued) => serialHex(issued.serial));
    if (which !== undefined && found.length === 0)
      throw new YitongError(
        'bad_config',
        `this CA has issued nothing to \`${which}\`, and nothing of that serial number`,
      );
    return addRevoked(dir, found, now, nextUpdate);
  });
}

/** Whether a certificate is missing or ends within thirty days. */
const endsSoon = (cert: string, now: Date): boolean =>
  !existsSync(cert) || Date.parse(new X509Certificate(readFileSync(cert)).validTo) < now.getTime() + SOON_DAYS * DAY;

interface Kept extends Times {
  /** Those that are to have a certificate, with the name that binds it. */
  readonly clients: readonly { readonly id: string; readonly uri: string }[];
  /** Who signs documents, as it stands on them. */
  readonly signer: string;
}

/**
 * Keeps a folder usable however long it stands: makes the CA and certificates that are missing, those anew that end
 * within thirty days, and at each call the server's and the revocation list, with all that is revoked. A certificate
 * that was revoked is not made anew: who is to come back is issued one by name. The CA itself is good for ten years.
 */
export async function keepPki(dir: string, { clients, signer, now = new Date() }: Kept): Promise<void> {
  if (!(await initPki(dir, { now }))) await underLock(dir, () => renewRevoked(dir, [], now.getTime()));
  await issueServer(dir, [], { now });
  if (endsSoon(join(dir, 'documents/cert.pem'), now)) await issueDocumentSigner(dir, signer, { now });
  const { revoked } = await heldList(dir);
  for (const { id, uri } of clients) {
    const folder = join(dir, 'clients', id);
    const cert = join(folder, 'cert.pem');
    if (!endsSoon(cert, now)) continue;
    if (!existsSync(cert)) {
      await issueClient(dir, id, { spiffe: [uri], now });
      continue;
    }
    const before = new X509Certificate(await readFile(cert));
    if (revoked.has(serialHex(before.serialNumber))) continue;
    await issueClient(dir, id, {
      spiffe: [uri],
      now,
      rsa: before.publicKey.asymmetricKeyType === 'rsa',
      p12: existsSync(join(folder, 'bundle.p12')),
    });
  }
}
