import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { verifyPdf } from '../../documents/pdf/verify.js';
import { STEPS, type Step } from '../../documents/signed/pdf-rules.js';
import { hex } from '../../ground/der/der.js';
import { dataOption, folders, list, workspaceOption } from '../../ground/files/places.js';
import { pemBlocks } from '../../ground/identity/certificate.js';
import { isDevelopmentCertificate } from '../../ground/identity/development-certificate.js';
import type { Command } from '../command.js';
import { WrongUsage } from '../failure.js';

const INVALID: ErrorCode = 'report_invalid';

const says: Readonly<Record<Step, readonly [string, string]>> = {
  form: [
    'the file was written in one go, and its signature covers all of it',
    'the file is not a report that was signed as a whole',
  ],
  digest: ['its bytes are those that were signed', 'its bytes are not those that were signed'],
  signature: [
    'the signature is that of the certificate in the file',
    'the signature is not that of the certificate in the file',
  ],
  certificate: ['a trusted CA made the certificate one for signing documents', 'the certificate does not count'],
  model: ['the attached data are whole: each section has its digest', 'the attached data are not whole'],
};

async function trusted(files: readonly string[]): Promise<readonly X509Certificate[]> {
  const all: X509Certificate[] = [];
  for (const file of files) {
    const found = pemBlocks(await readFile(file, 'utf8'), 'CERTIFICATE').map((pem) => new X509Certificate(pem));
    if (found.length === 0 || found.some(({ ca }) => !ca))
      throw new YitongError('bad_config', 'a file of trusted certificates holds CA certificates and nothing else', {
        place: { file },
      });
    all.push(...found);
  }
  return all;
}

/** Proves a report from its file alone. Exit 1 if it is not genuine. */
const command: Command = {
  summary: 'prove that a report is genuine, offline, from its file',
  zh: '仅凭文件离线核验报告真伪',
  usage: '<file> [--ca FILE …] [--json]',
  takes: 1,
  wanting: { zh: '报告核验不通过', en: 'where the report is not genuine' },
  examples: [
    'yitong report verify report.pdf',
    'yitong report verify report.pdf --ca city-ca.pem',
    'yitong report verify report.pdf --ca city-ca.pem --json | jq .model.sections',
  ],
  options: {
    workspace: workspaceOption,
    data: dataOption,
    ca: {
      type: 'string',
      zh: '签发签名证书的机构；默认：数据目录中的证书机构',
      multiple: true,
      describe: 'PEM file of the CA that must have issued the signer; default: pki/ca.pem in the data folder',
    },
  },
  async run({ values, positionals, say, json }) {
    const [file] = positionals;
    if (file === undefined) throw new WrongUsage('name the file of the report');
    const named = list(values['ca']);
    const bytes = await readFile(resolve(file));
    const anchors = await trusted(
      named.length > 0 ? named.map((one) => resolve(one)) : [join(folders(values).data, 'pki', 'ca.pem')],
    );
    const { ok, steps, fault, signer, signedAt, code, model } = await verifyPdf(bytes, anchors);
    const development = signer !== undefined && isDevelopmentCertificate(new X509Certificate(signer.certificate));
    json({
      ok,
      steps,
      ...present({ fault }),
      ...(signer === undefined ? {} : { signer: { name: signer.name, sha256: hex(signer.sha256), development } }),
      ...(signedAt === undefined ? {} : { signedAt: new Date(signedAt).toISOString() }),
      ...present({ code, model }),
    });
    for (const step of STEPS)
      if (steps[step] !== undefined)
        say(`${steps[step] === true ? '✓' : '✗'} ${says[step][steps[step] === true ? 0 : 1]}`);
    if (signer !== undefined && signedAt !== undefined)
      say(
        `signed by \`${signer.name}\`, who says: at ` +
          `${new Date(signedAt).toISOString()}${code === undefined ? '' : `; verification code ${code}`}`,
      );
    if (development) say("the signer's certificate is of a development CA: good for trying, not for a bank");
    if (!ok) say(`the report does not verify: ${fault ?? 'unknown'} [${INVALID}]`);
    else say('the report is genuine; whether it was changed or withdrawn since is told under its code');
    return ok ? 0 : 1;
  },
};
export default command;
