/** Notices on their way out of the console: what one says, and to whom it goes by e-mail or as a signed webhook. */
import type { KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import type { NoticesSettings } from '../../ground/config/notices.js';
import { reachWebhook, signingKey } from '../../procedures/subscriptions/webhook.js';
import { Refused, sendMail } from './smtp.js';
import type { Outgoing, Profile } from './store.js';
import { type NoticedRoom, noticeWords } from './words.js';

/** No client is called so: its key is that of notifications alone. */
const SIGNER = '/notices';
export const noticesKey = (secret: KeyObject): KeyObject => signingKey(secret, SIGNER);

export interface OutwardParts {
  readonly settings: NoticesSettings;
  /** Where relative files stand. */
  readonly baseDir: string;
  readonly secret: KeyObject;
  /** @throws YitongError `address_unknown` */
  readonly address: () => string;
  readonly roomOf: (id: string) => NoticedRoom;
}

/** Whether the installation has a way for it. */
export const hasWay = (channel: Outgoing['channel'], settings: NoticesSettings): boolean =>
  channel === 'mail' ? settings.smtpHost !== '' && settings.mailFrom !== '' : settings.webhookUrl !== '';

function mailOf(outgoing: Outgoing, { language, mail }: Profile, { address, roomOf }: OutwardParts) {
  const zh = language === 'zh';
  if (outgoing.notices.length === 0)
    return {
      subject: zh ? '一通：确认接收提醒的邮箱' : 'Yitong: confirm this address',
      text: zh
        ? `确认码：${mail?.code ?? ''}\n请在一小时内填入“提醒设置”页面。如非本人操作，请忽略本邮件。\n`
        : `Code: ${mail?.code ?? ''}\nEnter it on the page of your notifications within an hour. If you did not ask ` +
          'for it, ignore this message.\n',
    };
  const count = outgoing.notices.length;
  const lines = outgoing.notices.map(
    (one) => `${noticeWords(one, roomOf(one.room))[language]}\n${address()}/console/notices/${one.id}`,
  );
  return {
    subject: zh ? `一通：${count} 项提醒` : `Yitong: ${count} ${count === 1 ? 'notice' : 'notices'}`,
    text: `${lines.join('\n\n')}\n\n${
      zh
        ? `登录后查看具体内容。如不需要邮件提醒，可在此关闭：\n${address()}/console/notices/settings\n`
        : `What it is about is seen after signing in. To end these messages:\n${address()}/console/notices/settings\n`
    }`,
  };
}

function hookOf(outgoing: Outgoing, { person }: Profile, { address }: OutwardParts): Buffer {
  const lines = outgoing.notices.map(({ id, room, kind, left }) =>
    JSON.stringify({ to: person.id, room, kind, left, id, link: `${address()}/console/notices/${id}` }),
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

/**
 * Sends one; the same id whenever it is sent again.
 * @throws Refused where it never will be taken; NotDelivered
 */
export async function deliver(
  id: string,
  outgoing: Outgoing,
  profile: Profile,
  parts: OutwardParts,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const { settings, baseDir, secret } = parts;
  const file = (path: string): string | undefined => (path === '' ? undefined : resolve(baseDir, path));
  if (outgoing.channel === 'mail') {
    if (profile.mail === undefined) throw new Refused('there is no address');
    const { smtpHost: host, smtpPort: port, smtpTls: tls, smtpUser, mailFrom: from } = settings;
    await sendMail(
      {
        host,
        port,
        tls,
        from,
        caFile: file(settings.smtpCaFile),
        user: smtpUser === '' ? undefined : smtpUser,
        passwordFile: file(settings.smtpPasswordFile),
      },
      { id, to: profile.mail.address, at: now, ...mailOf(outgoing, profile, parts) },
    );
    return;
  }
  const ca = file(settings.webhookCaFile);
  const hook = { url: settings.webhookUrl, ...(ca === undefined ? {} : { ca }) };
  const outlet = await reachWebhook(hook, noticesKey(secret), signal);
  try {
    await outlet.deliver({ id, body: hookOf(outgoing, profile, parts), now, signal });
  } finally {
    outlet.close();
  }
}
