/** What the commands of subscriptions share: who asks, and how one is told. */
import type { Subscription } from '../client/index.js';
import { text } from '../ground/files/places.js';
import { localMinute } from '../ground/language/time.js';
import type { Invocation } from './command.js';
import { WrongUsage } from './failure.js';
import { gatewayOptions } from './gateway-options.js';

export const clientOptions = {
  as: { type: 'string', zh: '以哪个接入系统的名义', describe: 'the client whose it is' },
  ...gatewayOptions,
} as const;

/** @throws WrongUsage */
export function namedOf(call: Invocation): { readonly client: string; readonly id: string } {
  const [id] = call.positionals;
  const client = text(call.values['as']);
  if (id === undefined || client === undefined)
    throw new WrongUsage('name the subscription by its id, and its client with --as');
  return { client, id };
}

const wayNames = {
  poll: { zh: '系统查询', en: 'poll' },
  webhook: { zh: '推送至地址', en: 'webhook' },
  topic: { zh: '写入消息主题', en: 'topic' },
} as const;
export const wayName = (way: string): { readonly zh: string; readonly en: string } =>
  Object.entries(wayNames).find(([id]) => id === way)?.[1] ?? { zh: way, en: way };

export function sayOf(call: Invocation, one: Subscription): void {
  const zh = call.language === 'zh';
  call.say(
    zh
      ? `${one.id}：${wayName(one.way).zh}，自 ${localMinute(one.createdAt)} 起`
      : `${one.id}: ${one.way}, ${one.form}s, since ${one.createdAt}, for ${one.purpose}`,
  );
  for (const { id, effect, reason, signals } of one.datasets)
    call.say(
      `  ${id}  ${effect}${reason === undefined ? '' : ` (${reason})`}${signals === true ? ', signals only' : ''}`,
    );
  if (one.topic !== undefined) call.say(`  topic ${one.topic}`);
  if (one.publicKey !== undefined) call.say(`  verified with ${one.publicKey}`);
  if (one.behindSince !== undefined)
    call.say(zh ? `  自 ${localMinute(one.behindSince)} 起未被接收` : `  not taken since ${one.behindSince}`);
}
