/** What commands about files share. */
import { errorWordsOf } from '../../contracts/error-words.js';
import { reasonWords } from '../../policies/words.js';
import { type Client, GatewayError, type OrderedFile } from '../client/index.js';
import { text } from '../ground/files/places.js';
import type { Invocation } from './command.js';
import { WrongUsage } from './failure.js';
import { gatewayAs } from './gateway-options.js';

export const clientOption = {
  as: {
    type: 'string',
    zh: '以哪个应用的身份办理',
    describe: 'the client to ask as; its certificate stands in the PKI folder',
  },
} as const;

/** What the gateway refuses is said, and ends with 1. */
export async function asClient(call: Invocation, work: (gateway: Client) => Promise<0 | 1>): Promise<0 | 1> {
  const client = text(call.values['as']);
  if (client === undefined) throw new WrongUsage('name the client with --as');
  const gateway = await gatewayAs(client, call.values);
  try {
    return await work(gateway);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    call.json(error.problem);
    call.say(call.language === 'zh' ? errorWordsOf(error.code).zh : `${error.code}: ${error.message}`);
    return 1;
  } finally {
    gateway.close();
  }
}

const STATES: Readonly<Record<string, string>> = {
  ordered: '等待制作',
  making: '制作中',
  ready: '可以下载',
  stopped: '已停止提供',
  failed: '制作失败',
};
const OWN_REASONS: Readonly<Record<string, string>> = {
  expired: '已过下载期限',
  erased: '文件所涉主体的信息已抹除',
  client_suspended: '应用已被暂停使用',
};

/** One line. */
export function sayFile(call: Invocation, { id, state, reason, progress, bytes, expiresAt }: OrderedFile): void {
  const zh = call.language === 'zh';
  const why = reason === undefined ? '' : zh ? `（${OWN_REASONS[reason] ?? reasonWords(reason).zh}）` : ` (${reason})`;
  const size =
    bytes === undefined
      ? ''
      : zh
        ? `，${String(bytes)} 字节，有效至 ${expiresAt ?? ''}`
        : `, ${String(bytes)} bytes, until ${expiresAt ?? ''}`;
  const told = zh ? `${String(progress.records)} 条记录` : `${String(progress.records)} records`;
  call.say(zh ? `${id}：${STATES[state] ?? state}${why}，${told}${size}` : `${id}: ${state}${why}, ${told}${size}`);
}
