import { TRUST_DOMAIN, issueClient } from '../../pki/authority.js';
import { type Command } from '../command.js';

const command: Command = {
  summary: 'issue a client certificate from a development CA',
  usage: '<client> --dir D [--trust-domain T | --spiffe URI] [--replica] [--rsa] [--p12] [--days N]',
  examples: ['yitong pki issue credit-platform --dir pki', 'yitong pki issue court-archive --dir pki --rsa --p12', 'yitong pki issue east --dir pki --replica --spiffe spiffe://city.example/replica/east'],
  options: {
    dir: { type: 'string', describe: 'folder of the CA' },
    'trust-domain': { type: 'string', describe: 'trust domain of the SPIFFE URI', default: TRUST_DOMAIN },
    spiffe: { type: 'string', describe: 'the URI itself, as it stands in `policies/clients/<client>.json`' },
    replica: { type: 'boolean', describe: 'for a replica of the log, which is asked as a server as well; with `--spiffe`' },
    rsa: { type: 'boolean', describe: 'an RSA key, for systems that take no other' },
    p12: { type: 'boolean', describe: 'a PKCS#12 bundle as well, with its password beside it' },
    days: { type: 'string', describe: 'how long it is good', default: '365' },
  },
  async run({ values, positionals, say, json }) {
    const { dir, spiffe, days } = values;
    const [client] = positionals;
    const count = Number(days);
    if (typeof dir !== 'string' || client === undefined || positionals.length > 1 || !(Number.isInteger(count) && count > 0 && count <= 3650)) {
      console.error('say one client, `--dir`, and whole `--days` up to 3650');
      return 2;
    }
    const now = new Date();
    const files = await issueClient(dir, client, {
      now,
      notAfter: new Date(now.getTime() + count * 86_400_000),
      ...(typeof spiffe === 'string' ? { spiffe: [spiffe] } : {}),
      ...(typeof values['trust-domain'] === 'string' ? { trustDomain: values['trust-domain'] } : {}),
      server: values['replica'] === true,
      rsa: values['rsa'] === true,
      p12: values['p12'] === true,
    });
    say([files.cert, files.key, files.p12, files.password].filter((file) => file !== undefined).join('\n'));
    json(files);
    return 0;
  },
};
export default command;
