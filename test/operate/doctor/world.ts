/**
 * An installation as production has it: a workspace with its own CA, certificates of it, and a data folder. Each part
 * can be spoiled.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { examine, loadChecks, type Result } from '../../../gateway/operate/doctor/examine.js';
import { patientOf } from '../../../gateway/operate/doctor/patient.js';
import type { Finding } from '../../../gateway/operate/doctor/port.js';
import { type Issuer, keyPem, makeCrl, makeKeys, makeLeaf, makeRoot } from '../../../gateway/operate/pki/x509.js';
import { freePorts } from '../../support/servers/ports.js';

const DAY = 86_400_000;
const days = (from: number, to: number) => ({
  notBefore: new Date(Date.now() + from * DAY),
  notAfter: new Date(Date.now() + to * DAY),
});

export interface Installation {
  readonly workspace: string;
  readonly data: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly crl: string;
  readonly anchor: string;
  /** A server certificate that counts for these days from now. */
  certify(from: number, to: number): Promise<void>;
  /** The revocation list, due these days from now. */
  list(due: number): Promise<void>;
  /** Changes sections of yitong.json. */
  set(sections: Readonly<Record<string, object>>): Promise<void>;
  look(only?: readonly string[]): Promise<readonly Result[]>;
}

/** @param template a workspace that `yitong init` made */
export async function installation(dir: string, template: string): Promise<Installation> {
  const workspace = join(dir, 'city');
  const data = join(dir, 'data');
  const pki = join(workspace, 'pki');
  await cp(template, workspace, { recursive: true });
  await mkdir(pki);
  await mkdir(join(workspace, 'policies', 'anchors'), { recursive: true });
  await mkdir(data, { mode: 0o700 });
  const keys = await makeKeys('ec');
  const issuer: Issuer = {
    certificate: await makeRoot('City of the test', 'Test CA', '4001', keys, days(-1, 3650)),
    key: keys.privateKey,
  };
  const [ca, crl, cert, key] = ['ca.pem', 'crl.pem', 'server.pem', 'server.key'].map((name) => join(pki, name)) as [
    string,
    string,
    string,
    string,
  ];
  await writeFile(ca, issuer.certificate);
  const anchor = join(workspace, 'policies', 'anchors', 'city.json');
  await writeFile(
    anchor,
    JSON.stringify({
      name: { zh: '市根证书', en: 'city CA' },
      ca: '../../pki/ca.pem',
      crl: '../../pki/crl.pem',
      authorities: '*',
      crlGrace: 'PT1H',
    }),
  );
  const [port = 0, peoplePort = 0, healthPort = 0] = await freePorts(3);
  const file = join(workspace, 'yitong.json');
  const plain = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
  let serial = 0x5000;
  const made: Installation = {
    workspace,
    data,
    crl,
    anchor,
    server: { cert, key },
    async certify(from, to) {
      const pair = await makeKeys('ec');
      await writeFile(key, await keyPem(pair.privateKey), { mode: 0o600 });
      await writeFile(
        cert,
        await makeLeaf(issuer, {
          organisation: 'City of the test',
          common: 'gateway',
          serialNumber: (serial++).toString(16),
          use: 'server',
          names: [
            { type: 'dns', value: 'localhost' },
            { type: 'ip', value: '127.0.0.1' },
          ],
          publicKey: pair.publicKey,
          ...days(from, to),
        }),
      );
    },
    async list(due) {
      await writeFile(
        crl,
        await makeCrl(issuer, new Map(), new Date(Date.now() - 10 * DAY), new Date(Date.now() + due * DAY)),
      );
    },
    async set(sections) {
      const own = {
        gateway: { port, peoplePort, healthPort, serverCert: cert, serverKey: key },
        audit: { origin: 'log.city.test/2026' },
      };
      const merged = Object.fromEntries(
        [...new Set([...Object.keys(own), ...Object.keys(sections)])].map((name) => [
          name,
          { ...own[name as keyof typeof own], ...sections[name] },
        ]),
      );
      await writeFile(file, JSON.stringify({ ...plain, ...merged }));
    },
    async look(only) {
      const all = await loadChecks();
      const patient = patientOf({
        workspaceDir: workspace,
        data,
        bus: undefined,
        deep: false,
        signal: AbortSignal.timeout(60_000),
      });
      return examine(patient, only === undefined ? all : all.filter(([name]) => only.includes(name)));
    },
  };
  await made.certify(-1, 365);
  await made.list(20);
  await made.set({});
  return made;
}

export const findingsOf = (results: readonly Result[]): readonly Finding[] =>
  results.flatMap(({ findings }) => findings);
/** What is to be mended or seen to, in one line each. */
export const complaints = (results: readonly Result[]): readonly string[] =>
  findingsOf(results).flatMap(({ level, what }) => (level === 'fail' || level === 'warn' ? [`${level}: ${what}`] : []));
