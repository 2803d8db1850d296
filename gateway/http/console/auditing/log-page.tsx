/** How the log is, for people who are to trust it. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localSecond } from '../../../ground/language/time.js';
import type { PublishedCheckpoint } from '../../../log/store/published.js';

interface LogProps {
  readonly language: Language;
  readonly checkpoint: PublishedCheckpoint | undefined;
  /** Entries that the sequencer has taken in. */
  readonly integrated: number;
  readonly vkey: string;
  readonly now: number;
}

function age(ms: number, zh: boolean): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return zh ? `${seconds} 秒前` : `${seconds} s ago`;
  if (seconds < 5400) return zh ? `${Math.round(seconds / 60)} 分钟前` : `${Math.round(seconds / 60)} min ago`;
  return zh ? `${Math.round(seconds / 3600)} 小时前` : `${Math.round(seconds / 3600)} h ago`;
}

export function logPage({ language, checkpoint, integrated, vkey, now }: LogProps): JSX.Element {
  const zh = language === 'zh';
  const say = (a: string, b: string): string => (zh ? a : b);
  const waiting = integrated - (checkpoint?.size ?? 0);
  const [own] = vkey.split('+');
  const witnesses = checkpoint?.signedBy.filter((name) => name !== own) ?? [];
  return (
    <>
      <h1>{say('审计日志的状态', 'Health of the audit log')}</h1>
      <p class="lead">
        {say(
          '每次答复之前，记录先行存盘；公开日志只含存证值，任何人都可核验日志只增不改。',
          'Every entry is on disk before its answer leaves. The log publishes commitments only; anybody can ' +
            'check that it only ever grows.',
        )}
      </p>
      {checkpoint === undefined ? (
        <p class="notice">
          {say(
            '尚无公开的检查点；首次查询后一秒内生成。',
            'No checkpoint yet; one appears within a second of the first query.',
          )}
        </p>
      ) : (
        <>
          <div class="tiles">
            <div class="tile">
              <b>{checkpoint.size.toLocaleString('en')}</b>
              <span>{say('已公开日志条数', 'entries under the published checkpoint')}</span>
            </div>
            <div class="tile">
              <b>{waiting.toLocaleString('en')}</b>
              <span>{say('待公开条数', 'integrated, waiting to be published')}</span>
            </div>
            <div class="tile">
              <b>{age(now - checkpoint.at, zh)}</b>
              <span>{say(`公开于 ${localSecond(checkpoint.at)}`, `published at ${localSecond(checkpoint.at)}`)}</span>
            </div>
            <div class="tile">
              <b>{witnesses.length}</b>
              <span>
                {witnesses.length === 0
                  ? say('联署见证方数（未配置见证方）', 'witnesses cosigned; none is configured')
                  : say('联署见证方数', 'witnesses cosigned')}
              </span>
            </div>
          </div>
          <h2>{say('检查点', 'Checkpoint')}</h2>
          <pre class="note">{checkpoint.note}</pre>
          <h2>{say('自行核验', 'Check it yourself')}</h2>
          <div class="card">
            <dl class="facts">
              <dt>{say('日志密钥', 'Key of the log')}</dt>
              <dd class="mono note">{vkey}</dd>
              <dt>{say('检查点', 'Checkpoint')}</dt>
              <dd>
                <a href="/log/checkpoint">{say('下载', '/log/checkpoint')}</a>
              </dd>
              <dt>{say('命令', 'Command')}</dt>
              <dd>
                <pre class="command">npx yitong audit verify</pre>
              </dd>
            </dl>
          </div>
          {witnesses.length === 0 ? null : (
            <>
              <h2>{say('联署', 'Cosignatures')}</h2>
              <ul>
                {witnesses.map((name) => (
                  <li class="mono note">{name}</li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </>
  );
}
