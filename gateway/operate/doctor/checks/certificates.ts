/** The certificates that this installation shows, and signs with: read, fitting their keys, and for how long still. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pemBlocks } from '../../../ground/identity/certificate.js';
import { isDevelopmentCertificate } from '../../../ground/identity/development-certificate.js';
import { openFindings, openToAll } from '../openness.js';
import { type Check, type Finding, fail, note, ok, type Patient, warn } from '../port.js';

const DAY = 86_400_000;
const SOON = 30;

interface Pair {
  readonly name: string;
  readonly cert: string;
  readonly key: string;
}

/** Pairs that are configured; those that are not are another check's. */
async function pairs({ workspaceDir, data, development, settings }: Patient): Promise<readonly Pair[]> {
  if (development) {
    const pki = join(data, 'pki');
    return ['server', 'documents'].map((name) => ({
      name,
      cert: join(pki, name, 'cert.pem'),
      key: join(pki, name, 'key.pem'),
    }));
  }
  const { gateway, audit } = await settings();
  const all: Pair[] = [{ name: 'server', cert: gateway.serverCert, key: gateway.serverKey }];
  if (gateway.documents !== '')
    all.push({ name: 'documents', cert: join(gateway.documents, 'cert.pem'), key: join(gateway.documents, 'key.pem') });
  if (Object.keys(audit.replicas).length > 0)
    all.push({
      name: 'replica',
      cert: resolve(workspaceDir, audit.replicaCert),
      key: resolve(workspaceDir, audit.replicaKey),
    });
  return all;
}

async function look({ name, cert, key }: Pair, { now, development }: Patient): Promise<readonly Finding[]> {
  if (cert === '' || key === '')
    return [
      fail(
        `no ${name} certificate is configured`,
        'set `gateway.serverCert` and `gateway.serverKey` to PEM files; for a first run without them there is ' +
          '`yitong up`',
      ),
    ];
  const readOr = async (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined);
  const [certText, keyText] = [await readOr(cert), await readOr(key)];
  if (certText === undefined || keyText === undefined)
    return [
      fail(
        `${certText === undefined ? cert : key} cannot be read`,
        'put the PEM file there, readable by the user that runs the gateway',
      ),
    ];
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(pemBlocks(certText, 'CERTIFICATE')[0] ?? '');
  } catch {
    return [fail(`${cert} holds no certificate`, 'it must be PEM: the certificate first, then its intermediates')];
  }
  try {
    if (!leaf.checkPrivateKey(createPrivateKey(keyText)))
      return [fail(`the key in ${key} is not that of the certificate`, 'put certificate and key of one pair there')];
  } catch {
    return [fail(`${key} holds no private key without a passphrase`, 'it must be PEM (PKCS#8), not encrypted')];
  }
  const findings: Finding[] = [];
  const [from, until] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  const days = Math.floor((until - now()) / DAY);
  const anew = development
    ? '`yitong up` renews it at its start and each day'
    : `put a new one into ${cert} and its key into ${key}; a running gateway takes both within seconds ` +
      '(docs/operating.md, "A certificate ends")';
  if (now() < from)
    findings.push(
      fail(
        `the ${name} certificate counts from ${new Date(from).toISOString()} on only`,
        'look at the clock of this machine, or wait',
      ),
    );
  else if (days < 0) findings.push(fail(`the ${name} certificate ended on ${new Date(until).toISOString()}`, anew));
  else if (days < SOON)
    findings.push(warn(`the ${name} certificate ends on ${new Date(until).toISOString()}, in ${days} days`, anew));
  else findings.push(ok(`the ${name} certificate counts for ${days} days more`));
  if (isDevelopmentCertificate(leaf) && !development)
    findings.push(
      fail(
        `the ${name} certificate is of a development CA`,
        'production brings its own CA; development keys are for `yitong up` on this machine only',
      ),
    );
  // an orchestrator mounts secrets for a group; the world is another matter
  return [...findings, ...(openToAll(key) ? openFindings('read', [key], '640') : [])];
}

const check: Check = {
  about: 'certificates of server, documents and replica',
  order: 4,
  async run(patient) {
    if (patient.development)
      return [
        note('this is a development city: its CA is for this machine only'),
        ...(await Promise.all((await pairs(patient)).map((pair) => look(pair, patient)))).flat(),
      ];
    return (await Promise.all((await pairs(patient)).map((pair) => look(pair, patient)))).flat();
  },
};
export default check;
