/** Standing consents of a head: which unconditional datasets are shared with whoever applies, without a person. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { FoldedForm, ReasonField } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import { PATH } from './words.js';

interface StandingLine {
  readonly dataset: string;
  readonly title: Localised;
  readonly consent?: { readonly at: string; readonly reason: string; readonly entry: string };
}

export function standingPage({
  language,
  of,
  lines,
}: {
  readonly language: Language;
  readonly of: string;
  readonly lines: readonly StandingLine[];
}): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <p class="foot">
        <a href={PATH}>{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <h1>{say('长期同意', 'Standing consents')}</h1>
      <p class="lead">
        {say(
          `${of}。对无条件共享的数据集作出长期同意后，材料齐全的申请由平台当即答复；没有长期同意的，一律由负责人逐件审定。`,
          `${of}. With a standing consent a complete application for an unconditional dataset is answered at once; ` +
            'without one a person decides.',
        )}
      </p>
      {lines.length === 0 ? (
        <div class="card">
          <p class="empty">{say('本单位没有无条件共享的数据集', 'The department has no unconditional dataset.')}</p>
        </div>
      ) : (
        <ul class="offers">
          {lines.map(({ dataset, title, consent }) => (
            <li class="card pad" key={dataset}>
              <div class="head">
                <b>{title[language]}</b>
                <span class={`state ${consent === undefined ? 'none' : 'ok'}`}>
                  {consent === undefined ? say('逐件审定', 'each by a person') : say('长期同意', 'standing consent')}
                </span>
              </div>
              {consent === undefined ? null : (
                <p class="foot">
                  {localMinute(Date.parse(consent.at))} · <span class="own">{consent.reason}</span>
                  {say(' · 回执 ', ' · receipt ')}
                  <span class="mono exact">{consent.entry}</span>
                </p>
              )}
              <FoldedForm
                action={`${PATH}/standing/${dataset}`}
                name={dataset}
                summary={
                  consent === undefined
                    ? say('作出长期同意', 'Consent once for all')
                    : say('撤销长期同意', 'Withdraw it')
                }
                hidden={{ stands: consent === undefined ? 'yes' : 'no' }}
                data-once
              >
                <ReasonField label={say('理由（记入日志）', 'Why (goes on record)')} />
                <p>
                  <button class={consent === undefined ? 'button' : 'button danger'} type="submit">
                    {consent === undefined ? say('作出长期同意', 'Consent') : say('撤销长期同意', 'Withdraw')}
                  </button>
                </p>
              </FoldedForm>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
