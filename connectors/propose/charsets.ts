/** The charset of a file, found by its bytes; what fits several is said to. */
import { createReadStream } from 'node:fs';
import type { Localised } from '../../contracts/localised.js';
import { CHARSETS, type Charset, decoder, WrongCharset } from '../reading/charset.js';
import { because, type Decision } from './decision.js';

/** Which of the charsets every byte of the file has. Stops once none is left. */
async function fitting(path: string, among: readonly Charset[]): Promise<Charset[]> {
  let open = among.map((charset) => ({ charset, decode: decoder(charset) }));
  const keep = (test: (one: (typeof open)[number]) => void): void => {
    open = open.filter((one) => {
      try {
        test(one);
        return true;
      } catch (error) {
        if (error instanceof WrongCharset) return false;
        throw error;
      }
    });
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>) {
    keep(({ decode }) => void decode.write(chunk));
    if (open.length === 0) break;
  }
  keep(({ decode }) => void decode.end());
  return open.map(({ charset }) => charset);
}

/** In Latin text a byte beyond ASCII mostly stands alone; Chinese ones come in pairs and runs. */
function aloneShare(head: Buffer): number {
  let [high, alone] = [0, 0];
  for (let i = 0; i < head.length; i++) {
    if ((head[i] ?? 0) < 128) continue;
    high += 1;
    if ((head[i - 1] ?? 0) < 128 && (head[i + 1] ?? 0) < 128) alone += 1;
  }
  return high === 0 ? 0 : alone / high;
}

/** Share of the characters beyond ASCII that everyday Chinese text is made of: level 1 of GB 2312, level 1 of Big5. */
function everyday(head: Buffer, charset: 'gb18030' | 'big5'): number {
  let [all, common] = [0, 0];
  for (let i = 0; i < head.length; i++) {
    const [lead = 0, trail = 0] = [head[i], head[i + 1]];
    if (lead < 128) continue;
    all += 1;
    if (
      charset === 'gb18030'
        ? (lead >= 0xb0 && lead <= 0xd7 && trail >= 0xa1) || (lead >= 0xa1 && lead <= 0xa3 && trail >= 0xa1)
        : (lead >= 0xa4 && lead <= 0xc6 && (trail <= 0x7e || trail >= 0xa1)) || (lead >= 0xa1 && lead <= 0xa3)
    )
      common += 1;
    i += 1;
  }
  return all === 0 ? 0 : common / all;
}

const decide = (
  proposed: Charset,
  reason: Localised,
  sure = true,
  alternatives: readonly Charset[] = [],
): { charset: Charset; decision: Decision } => ({
  charset: proposed,
  decision: {
    about: 'charset',
    proposed,
    ...because(reason),
    sure,
    alternatives: sure ? [] : alternatives,
    option: '--charset ',
  },
});

export async function findCharset(
  path: string,
  head: Buffer,
): Promise<{ charset: Charset; decision: Decision } | undefined> {
  if (head[0] === 0xff && head[1] === 0xfe)
    return decide('utf-16le', { zh: '文件开头有其字节顺序标记', en: 'the file begins with its byte order mark' });
  const found = await fitting(
    path,
    CHARSETS.filter((charset) => charset !== 'utf-16le'),
  );
  if (found.includes('utf-8')) {
    const ascii = !head.some((byte) => byte > 127);
    return decide(
      'utf-8',
      ascii
        ? {
            zh: '文件全部字节都符合此编码，开头均为英文和数字',
            en: 'every byte of the file is UTF-8; its beginning is plain ASCII',
          }
        : {
            zh: '文件全部字节都符合此编码，其他编码的文字几乎不会如此',
            en: 'every byte of the file is UTF-8, which other text hardly ever is',
          },
    );
  }
  const latin: Charset | undefined = found.includes('windows-1252')
    ? 'windows-1252'
    : found.includes('latin1')
      ? 'latin1'
      : undefined;
  const alone = aloneShare(head);
  const chinese = found.includes('gb18030') ? everyday(head, 'gb18030') : 0;
  const taiwan = found.includes('big5') ? everyday(head, 'big5') : 0;
  const paired = found.filter((one) => one === 'gb18030' || one === 'big5');
  if (latin !== undefined && (alone > 0.3 || paired.length === 0)) {
    const sure = alone > 0.5 || paired.length === 0;
    const why: Localised =
      paired.length === 0
        ? {
            zh: '不是统一码，也没有一种中文编码能容纳全部字节',
            en: 'not UTF-8, and no Chinese charset has every byte of the file',
          }
        : {
            zh: `不是统一码，且非英文字节中有 ${Math.round(alone * 100)}% 单独出现，与西文一致`,
            en: `not UTF-8, and ${Math.round(alone * 100)} % of the bytes beyond ASCII stand alone, as in Western text`,
          };
    return decide(
      latin,
      latin === 'latin1'
        ? {
            zh: `${why.zh}；含有另一种西文编码没有的字节`,
            en: `${why.en}; it holds a byte that windows-1252 does not have`,
          }
        : why,
      sure,
      sure ? [] : paired,
    );
  }
  if (found.includes('gb18030') && chinese >= taiwan) {
    return decide(
      'gb18030',
      {
        zh: `不是统一码；按此编码，${Math.round(chinese * 100)}% 是常用字${
          found.includes('big5') ? `（按大五码为 ${Math.round(taiwan * 100)}%）` : ''
        }`,
        en:
          `not UTF-8, and ${Math.round(chinese * 100)} % of its characters are everyday ones in GB 18030` +
          (found.includes('big5') ? ` (in Big5 ${Math.round(taiwan * 100)} %)` : ''),
      },
      chinese > 0.85 && chinese > taiwan + 0.2,
      found.filter((one) => one === 'big5' || one === latin),
    );
  }
  if (found.includes('big5'))
    return decide(
      'big5',
      {
        zh: `不是统一码；按此编码，${Math.round(taiwan * 100)}% 是常用字（按国标码为 ${Math.round(chinese * 100)}%）`,
        en:
          `not UTF-8, and ${Math.round(taiwan * 100)} % of its characters are everyday ones in Big5 (in GB 18030 ` +
          `${Math.round(chinese * 100)} %)`,
      },
      taiwan > 0.85 && taiwan > chinese + 0.2,
      found.filter((one) => one === 'gb18030' || one === latin),
    );
  return latin === undefined
    ? undefined
    : decide(latin, { zh: '没有其他编码能容纳全部字节', en: 'no other charset has every byte of the file' }, false, []);
}
