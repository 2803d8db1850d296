import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { makeAnchor } from '../../../gateway/ground/identity/anchors.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import { makeCrl, readSigningKey } from '../../../gateway/operate/pki/x509.js';
import { clientsOf, gateway, spiffe } from './server.js';

const openssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is missing';
const DAY = 86_400_000;

t.test(
  'a CA below the root: revoking it shuts out its clients, and so does a list of it that is missing',
  { skip: openssl },
  async (t) => {
    const dir = t.testdir({ 'req.cnf': '[req]\ndistinguished_name=dn\n[dn]\n' });
    const at = (file: string): string => join(dir, file);
    const text = (file: string): Promise<string> => readFile(at(file), 'utf8');
    const make = (name: string, above: string | undefined, ...extensions: string[]): void => {
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-config',
          at('req.cnf'),
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-days',
          '30',
          '-subj',
          `/O=City/CN=${name}`,
          '-keyout',
          at(`${name}.key`),
          '-out',
          at(`${name}.pem`),
          ...(above === undefined ? [] : ['-CA', at(`${above}.pem`), '-CAkey', at(`${above}.key`)]),
          ...extensions.flatMap((extension) => ['-addext', extension]),
        ],
        { stdio: 'ignore' },
      );
    };
    const ca = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
    make('root', undefined, ...ca);
    make('below', 'root', ...ca);
    make(
      'leaf',
      'below',
      'basicConstraints=critical,CA:FALSE',
      'extendedKeyUsage=clientAuth',
      'subjectAltName=URI:spiffe://yitong.example/client/alpha',
    );
    await writeFile(at('chain.pem'), (await text('leaf.pem')) + (await text('below.pem')));
    const files = { cert: at('chain.pem'), key: at('leaf.key') };
    await initPki(dir);
    await issueServer(dir);
    const list = async (name: string, serials: readonly string[], later = 0): Promise<string> => {
      const now = new Date(Date.now() + later);
      return makeCrl(
        { certificate: await text(`${name}.pem`), key: await readSigningKey(await text(`${name}.key`)) },
        new Map(serials.map((serial) => [serial, now.getTime()])),
        now,
        new Date(now.getTime() + DAY),
      );
    };
    const [root, below] = [await text('root.pem'), await text('below.pem')];
    const parts = { id: 'city', authorities: '*' } as const;

    const both = makeAnchor({ ...parts, ca: root + below, crl: (await list('root', [])) + (await list('below', [])) });
    const whole = await gateway(dir, [both], clientsOf(spiffe('alpha')));
    t.equal(await whole.ask(files), 'alpha');
    both.revocation?.replace(await list('root', [new X509Certificate(below).serialNumber], 2000));
    t.equal(await whole.ask(files), 'certificate_revoked', 'the CA between is revoked');
    await whole.close();

    const unlisted = await gateway(
      dir,
      [makeAnchor({ ...parts, ca: root, crl: await list('root', []) })],
      clientsOf(spiffe('alpha')),
    );
    t.equal(await unlisted.ask(files), 'revocation_unknown', 'no list of the CA between');
    t.equal(await unlisted.ask({ cert: at('leaf.pem'), key: at('leaf.key') }), 'certificate_untrusted', 'no chain');
    await unlisted.close();
  },
);
