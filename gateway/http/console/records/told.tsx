/** Corrections of which the department's own systems were told, since they had the record. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { sayIn } from '../../ui/say.js';

interface ToldProps {
  readonly language: Language;
  readonly of: string;
  readonly lines: readonly {
    readonly dataset: Localised;
    readonly client: Localised;
    readonly at: string;
    readonly receipts: readonly string[];
    readonly matter: string;
  }[];
}

export function toldPage({ language, of, lines }: ToldProps): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <p class="foot">
        <a href="/console/applications">{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <h1>{say('更正告知', 'Corrections told')}</h1>
      <p class="lead">
        {say(
          `${of}。本单位应用曾获得的记录经校核答复后在此告知；请按回执核对是否已经使用。`,
          `${of}. Records that own systems had, and of which a correction was answered: look up what used them.`,
        )}
      </p>
      {lines.length === 0 ? (
        <div class="card">
          <p class="empty">{say('没有需要告知本单位的更正', 'Nothing to tell.')}</p>
        </div>
      ) : (
        <ul class="card rows">
          {lines.map(({ dataset, client, at, receipts, matter }) => (
            <li key={`${matter} ${client.en}`}>
              <div class="grow">
                <p>
                  <b>{dataset[language]}</b> · {client[language]}
                </p>
                <p class="foot">
                  {say('曾获得该记录的回执：', 'Receipts by which it had the record: ')}
                  <span class="mono exact">{receipts.join(say('、', ', '))}</span>
                </p>
              </div>
              <time dateTime={at}>{localMinute(Date.parse(at))}</time>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
