import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { clientId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadPolicies } from '../../../policies/load.js';
import { folders, runningFor, text } from '../../ground/files/places.js';
import { type RequestFault, readSigningRequest } from '../../ground/identity/signing-request.js';
import { heldBy, issueClient, readIssuer } from '../../operate/pki/authority.js';
import { uriFor } from '../../operate/pki/domain.js';
import { openOwnCertificates, requestedFile } from '../../operate/pki/own-certificates.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

/** `--workspace`, else the current folder if it is one, else the one that the folder of the CA stands in. */
function workspaceFor(given: string | undefined, dir: string): string | undefined {
  if (given !== undefined) return resolve(given);
  if (existsSync('yitong.json')) return process.cwd();
  for (let at = resolve(dir); ; at = dirname(at)) {
    if (existsSync(join(at, 'yitong.json'))) return at;
    if (dirname(at) === at) return undefined;
  }
}

const FAULTS: Readonly<Record<RequestFault, string>> = {
  private_key: 'the file holds a private key; `openssl req -new` makes a request of it, and the key stays where it is',
  unreadable: 'the file is no certificate signing request (PKCS#10)',
  weak_key: 'the request has a key that is not taken; P-256, P-384, P-521, RSA of 2048 to 8192 bits and Ed25519 are',
  unsigned: 'the request is not signed by its own key, or by an algorithm that is not taken',
};

/** For a key that stays with whoever asks, under the rules of the developer's desk. */
async function issueFor(
  file: string,
  dir: string,
  client: string,
  uri: string,
): Promise<{ readonly cert: string; readonly serial: string }> {
  const key = readSigningRequest(readFileSync(file));
  if (typeof key === 'string') throw new YitongError('bad_certificate_request', FAULTS[key], { place: { file } });
  const id = clientId(client);
  await readIssuer(dir);
  // as all that this command issues, it is for whoever has the CA itself, and stands in no log
  const { serial } = await openOwnCertificates(dir, Date.now).issue({ client: id, uri, key }, () => Promise.resolve());
  return { cert: requestedFile(dir, id, serial), serial };
}

const command: Command = {
  summary: 'issue a client certificate from a development CA',
  zh: '由开发用证书机构签发应用证书',
  usage:
    '<client> [--dir D] [--workspace W] [--trust-domain T | --spiffe URI] [--request FILE] [--force] [--replica] ' +
    '[--rsa] [--p12] [--days N]',
  takes: 1,
  examples: [
    'yitong pki issue credit-platform',
    'yitong pki issue credit-platform --dir pki',
    'yitong pki issue court-archive --dir pki --rsa --p12',
    'yitong pki issue one-stop-counter --dir .yitong/data/pki --request request.pem',
    'yitong pki issue east --dir pki --replica --spiffe spiffe://city.example/replica/east',
  ],
  options: {
    dir: { type: 'string', describe: 'folder of the CA; default: that of the city that runs on the workspace' },
    workspace: {
      type: 'string',
      describe: 'workspace whose client it is; default: this folder, else the one around the folder of the CA',
    },
    'trust-domain': { type: 'string', describe: 'trust domain of the SPIFFE URI; default: that of the workspace' },
    spiffe: { type: 'string', describe: 'the URI itself; default: as it stands in `policies/clients/<client>.json`' },
    request: {
      type: 'string',
      describe: 'a signing request (PKCS#10): for 30 days, beside what the client has, for a key that is not seen here',
    },
    force: { type: 'boolean', describe: 'in place of the certificate that the client has; that one is kept in `old/`' },
    replica: {
      type: 'boolean',
      describe: 'for a replica of the log, which is asked as a server as well; with `--spiffe`',
    },
    rsa: { type: 'boolean', describe: 'an RSA key, for systems that take no other' },
    p12: { type: 'boolean', describe: 'a PKCS#12 bundle as well, with its password beside it' },
    days: { type: 'string', describe: 'how long it is good', default: '365' },
  },
  async run({ values, positionals, say, json }) {
    const { days } = values;
    const given = text(values['dir']);
    // a city of `yitong up` that runs here has its own
    const dir = given ?? runningFor(values)?.pki;
    const [spiffe, trustDomain] = [text(values['spiffe']), text(values['trust-domain'])];
    const [client] = positionals;
    const count = Number(days);
    if (dir === undefined || client === undefined || !(Number.isInteger(count) && count > 0 && count <= 3650)) {
      throw new WrongUsage(
        'say one client, `--dir` where no city of `yitong up` runs here, and whole `--days` up to 3650',
      );
    }
    const replica = values['replica'] === true;
    const workspace = given === undefined ? folders(values).workspace : workspaceFor(text(values['workspace']), given);
    const asked = {
      ...present({ spiffe, trustDomain }),
    };
    // a replica is no client of the workspace
    const clients =
      replica || workspace === undefined ? undefined : (await loadPolicies(await loadWorkspace(workspace))).clients;
    const uri = uriFor(client, asked, clients);
    const request = text(values['request']);
    if (request !== undefined) {
      if (replica || days !== '365' || ['force', 'rsa', 'p12'].some((name) => values[name] === true))
        throw new WrongUsage('`--request` has its own key and term: say neither `--days` nor how the key should be');
      const issued = await issueFor(request, dir, client, uri);
      say(issued.cert);
      json(issued);
      return 0;
    }
    const held = await heldBy(dir, client);
    if (held !== undefined && values['force'] !== true) {
      throw new WrongUsage(
        `\`${client}\` has a certificate in ${held.folder}, good until ${held.notAfter.toISOString()}; ` +
          `\`--force\` issues another and keeps this one and its key in \`old/\``,
      );
    }
    const now = new Date();
    const files = await issueClient(dir, client, {
      now,
      notAfter: new Date(now.getTime() + count * 86_400_000),
      spiffe: [uri],
      server: replica,
      rsa: values['rsa'] === true,
      p12: values['p12'] === true,
    });
    say([files.cert, files.key, files.p12, files.password].filter((file) => file !== undefined).join('\n'));
    json(files);
    return 0;
  },
};
export default command;
