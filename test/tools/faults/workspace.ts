/**
 * A workspace for faults, made for one run: one authority, a dataset a way of publishing, its own certificate
 * authority.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { KafkaOptions } from '../../../connectors/bus/kafka/bus.js';
import { registerSchemas } from '../../../contracts/register.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { type Issuer, keyPem, makeKeys, makeLeaf, makeRoot } from '../../../gateway/operate/pki/x509.js';

export const DATASETS = {
  files: 'faults.files',
  api: 'faults.api',
  pushed: 'faults.pushed',
  latest: 'faults.latest',
} as const;
export const PURPOSE = 'faults-check';
/** Who asks, who publishes, and who is granted nothing. */
export const CLIENTS = ['asker', 'publisher', 'stranger'] as const;

export interface WorkspaceOptions {
  readonly dir: string;
  readonly prefix: string;
  /** Absent of the embedded driver. */
  readonly kafka?: Omit<KafkaOptions, 'clientId' | 'groupId'>;
  readonly ports: { readonly api: number; readonly people: number; readonly health: number };
  /** Of the API that one feed asks. */
  readonly apiUrl: string;
  /** Over the sections of yitong.json. */
  readonly settings?: Readonly<Record<string, object>>;
  /** Over those of the section `gateway`. */
  readonly gateway?: Readonly<Record<string, unknown>>;
  /** Clients beside `CLIENTS`, each with its authority. */
  readonly clients?: Readonly<Record<string, string>>;
  /** Files beside its own, by their paths in it. */
  readonly files?: Readonly<Record<string, unknown>>;
}

const title = (text: string) => ({ zh: text, en: text });
const field = (name: string, type: unknown, more: object = {}) => ({
  name,
  type,
  title: title(name),
  classification: 'public',
  ...more,
});

const SCHEMA = {
  type: 'record',
  name: 'Entry',
  namespace: 'faults',
  fields: [
    field('uscc', 'string'),
    field('number', 'string'),
    field('state', 'string'),
    field('amount', 'int', { unit: '1' }),
    field('note', ['null', 'string'], { default: null }),
  ],
};

const contract = (history: 'full' | 'latest') => ({
  name: title('故障'),
  description: title('Entries of a run with faults.'),
  subject: { scheme: 'uscc', field: 'uscc', persons: false },
  recordId: ['number'],
  updateFrequency: 'P1D',
  partitions: 3,
  history,
  sharing: { attribute: 'conditional', delivery: ['query'], conditions: { scope: title('test'), use: title('test') } },
  grading: { category: 'market-entities', grade: 'general' },
  approval: { role: 'head', date: '2026-01-05' },
  assessments: {
    secrecy: { role: 'secrecy officer', date: '2026-01-04' },
    personalInformation: { role: 'privacy officer', date: '2026-01-04' },
  },
  domains: [],
  kind: 'register',
});

const FIELDS = {
  uscc: { from: 'uscc', steps: ['trim', { key: 'uscc' }] },
  number: { from: 'number' },
  state: { from: 'state' },
  amount: { from: 'amount', steps: [{ integer: true }] },
  note: { from: 'note' },
};

const feeds = (apiUrl: string) => ({
  files: {
    source: { kind: 'csv', folder: 'inbox', settle: 'PT1S', charset: 'utf-8', separator: ',' },
    schedule: 'watch',
    snapshot: true,
    maxWithdrawShare: 0.5,
    mapping: { fields: FIELDS },
  },
  api: {
    source: {
      kind: 'http',
      url: `${apiUrl}/changes`,
      allowHosts: [new URL(apiUrl).host],
      allowPrivate: true,
      position: '/seq',
      since: { parameter: 'since', item: '/seq', initial: '0' },
      retries: 1,
      timeout: 'PT5S',
    },
    schedule: 'PT1S',
    snapshot: false,
    mapping: { fields: FIELDS },
  },
  pushed: { source: { kind: 'http-push' }, schedule: 'push' },
  latest: { source: { kind: 'http-push' }, schedule: 'push' },
});

/** Makes the whole folder, certificates under `pki/` as `connectionOf` reads them. */
export async function makeWorkspace(options: WorkspaceOptions): Promise<void> {
  const { dir, prefix, kafka, ports } = options;
  const put = async (path: string, content: unknown): Promise<void> => {
    const file = join(dir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`, {
      mode: 0o600,
    });
  };
  await put('yitong.json', {
    name: title('faults'),
    prefix,
    ...(kafka === undefined ? {} : { bus: { driver: 'kafka', ...kafka, clientId: prefix, groupId: prefix } }),
    gateway: {
      port: ports.api,
      peoplePort: ports.people,
      healthPort: ports.health,
      serverCert: join(dir, 'pki', 'server', 'cert.pem'),
      serverKey: join(dir, 'pki', 'server', 'key.pem'),
      ratePerMinute: 10_000_000,
      ...options.gateway,
    },
    // small ones, so that a run also meets the end of a segment
    audit: { segmentBytes: 262_144 },
    ...options.settings,
  });
  for (const [path, file] of Object.entries(options.files ?? {})) await put(path, file);
  await cp(join(packageRoot(), 'policies', 'rules', 'base'), join(dir, 'policies', 'rules', 'base'), {
    recursive: true,
  });
  await put('policies/purposes.json', { [PURPOSE]: { name: title('faults'), legalBasis: ['test'] } });
  await put('contracts/datasets/faults/authority.json', { name: title('faults') });
  await mkdir(join(dir, 'inbox'), { recursive: true });
  const made = feeds(options.apiUrl);
  for (const name of ['files', 'api', 'pushed', 'latest'] as const) {
    await put(`contracts/datasets/faults/${name}/v1.avsc`, SCHEMA);
    await put(`contracts/datasets/faults/${name}/contract.json`, contract(name === 'latest' ? 'latest' : 'full'));
    await put(`contracts/datasets/faults/${name}/examples/valid/one.json`, {
      uscc: '91990101MAEXA0001X',
      number: '1',
      state: 'open',
      amount: 1,
      note: null,
    });
    await put(`connectors/feeds/faults/${name}.json`, made[name]);
    await put(`policies/grants/asker-${name}.json`, {
      client: 'asker',
      dataset: DATASETS[name],
      fields: ['uscc', 'number', 'state', 'amount', 'note'],
      rows: { all: true },
      purposes: [PURPOSE],
      delivery: ['query'],
      from: '2026-01-01',
      until: '2099-12-31',
      legalBasis: ['test'],
      requires: [],
      subjectNotice: { mode: 'immediate' },
      status: 'active',
    });
  }
  const clients = { ...Object.fromEntries(CLIENTS.map((client) => [client, 'faults'])), ...options.clients };
  await certificates(put, Object.keys(clients));
  for (const [client, authority] of Object.entries(clients))
    await put(`policies/clients/${client}.json`, {
      authority,
      name: title(client),
      identity: { spiffe: `spiffe://faults.example/client/${client}` },
      status: 'active',
    });
  await put('policies/anchors/faults.json', {
    name: title('faults'),
    ca: '../../pki/ca.pem',
    authorities: '*',
    noCrlBecause: 'a run of faults revokes nobody',
  });
  await registerSchemas(dir);
}

/** Not the development CA: `yitong gateway` refuses that one. */
async function certificates(
  put: (path: string, content: string) => Promise<void>,
  clients: readonly string[],
): Promise<void> {
  const span = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000 * 30) };
  const root = await makeKeys('ec');
  const serial = (text: string): string => `40${createHash('sha256').update(text).digest('hex').slice(0, 30)}`;
  const issuer: Issuer = {
    certificate: await makeRoot('Faults', 'Faults CA', serial('ca'), root, span),
    key: root.privateKey,
  };
  await put('pki/ca.pem', issuer.certificate);
  const leaf = async (
    folder: string,
    use: 'server' | 'client',
    names: Parameters<typeof makeLeaf>[1]['names'],
  ): Promise<void> => {
    const keys = await makeKeys('ec');
    await put(
      `pki/${folder}/cert.pem`,
      await makeLeaf(issuer, {
        organisation: 'Faults',
        common: folder,
        serialNumber: serial(folder),
        use,
        names,
        publicKey: keys.publicKey,
        ...span,
      }),
    );
    await put(`pki/${folder}/key.pem`, await keyPem(keys.privateKey));
  };
  await leaf('server', 'server', [
    { type: 'dns', value: 'localhost' },
    { type: 'ip', value: '127.0.0.1' },
  ]);
  for (const client of clients)
    await leaf(`clients/${client}`, 'client', [{ type: 'url', value: `spiffe://faults.example/client/${client}` }]);
}
