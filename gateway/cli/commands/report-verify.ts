import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/localised.js';
import { present } from '../../../contracts/present.js';
import { verifyPdf } from '../../documents/pdf/verify.js';
import { STEPS, type Step } from '../../documents/signed/pdf-rules.js';
import { hex } from '../../ground/der/der.js';
import { dataOption, folders, list, workspaceOption } from '../../ground/files/places.js';
import { pemBlocks } from '../../ground/identity/certificate.js';
import { isDevelopmentCertificate } from '../../ground/identity/development-certificate.js';
import { localSecond } from '../../ground/language/time.js';
import type { Command, Invocation } from '../command.js';
import { WrongUsage } from '../failure.js';

const INVALID: ErrorCode = 'report_invalid';

/** Of each step, how it is said where it holds, and where it does not. */
const says: Readonly<Record<Step, readonly [Localised, Localised]>> = {
  form: [
    { zh: '文件一次写成，签名覆盖全文', en: 'the file was written in one go, and its signature covers all of it' },
    { zh: '文件不完整、已被改写，或不是整体签名的报告', en: 'the file is not a report that was signed as a whole' },
  ],
  digest: [
    { zh: '内容与签署时一致', en: 'its bytes are those that were signed' },
    { zh: '文件内容在签署之后被改动', en: 'its bytes are not those that were signed' },
  ],
  signature: [
    { zh: '签名与所附证书相符', en: 'the signature is that of the certificate in the file' },
    { zh: '签名与所附证书不符', en: 'the signature is not that of the certificate in the file' },
  ],
  certificate: [
    { zh: '签名证书由可信机构签发，用途为文书签名', en: 'a trusted CA made the certificate one for signing documents' },
    { zh: '签名证书不可采信', en: 'the certificate does not count' },
  ],
  model: [
    { zh: '所附数据完整，各部分与其摘要一致', en: 'the attached data are whole: each section has its digest' },
    { zh: '所附数据不完整', en: 'the attached data are not whole' },
  ],
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

/**
 * Files of the CAs that may have signed: those that are named, else that of the city here.
 * @throws YitongError `bad_request` where neither is there, as at whoever was handed a report
 */
function authoritiesIn(values: Invocation['values']): readonly string[] {
  const named = list(values['ca']).map((one) => resolve(one));
  if (named.length > 0) return named;
  const own = join(folders(values).data, 'pki', 'ca.pem');
  if (existsSync(own)) return [own];
  throw new YitongError(
    'bad_request',
    'name with `--ca` the certificate of the CA that must have issued the signer; whoever issues reports publishes ' +
      "it at `/verify/ca.pem` of the people's port",
  );
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
  async run({ values, positionals, say, json, words }) {
    const [file] = positionals;
    if (file === undefined) throw new WrongUsage('name the file of the report');
    const bytes = await readFile(resolve(file));
    const anchors = await trusted(authoritiesIn(values));
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
        say(`${steps[step] === true ? '✓' : '✗'} ${words(says[step][steps[step] === true ? 0 : 1])}`);
    if (signer !== undefined && signedAt !== undefined) {
      const at = new Date(signedAt).toISOString();
      say(
        words({
          zh: `签署者“${signer.name}”，自称签署于 ${localSecond(at)}`,
          en: `signed by \`${signer.name}\`, who says: at ${at}`,
        }) + (code === undefined ? '' : words({ zh: `；核验码 ${code}`, en: `; verification code ${code}` })),
      );
    }
    if (development)
      say(
        words({
          zh: '签名证书出自开发用证书机构：仅供试用，不得用于实际业务',
          en: "the signer's certificate is of a development CA: good for trying, not for a bank",
        }),
      );
    say(
      ok
        ? words({
            zh: '报告真实；此后有无变化、是否撤销，请凭核验码查询',
            en: 'the report is genuine; whether it was changed or withdrawn since is told under its code',
          })
        : words({
            zh: `报告核验不通过：${fault ?? '原因不明'} [${INVALID}]`,
            en: `the report does not verify: ${fault ?? 'unknown'} [${INVALID}]`,
          }),
    );
    return ok ? 0 : 1;
  },
};
export default command;
