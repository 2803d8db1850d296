/** For a developer on the page of a dataset: whether the own systems may ask it, and how they come to that. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { sayIn } from '../../ui/say.js';

export interface MineProps {
  /** Whether it is shared at all. */
  readonly shared: boolean;
  /** Own systems that may ask it, with what for. */
  readonly granted: readonly {
    readonly system: Localised;
    readonly use: Localised;
    /** Where it is tried with invented records. */
    readonly tries: string;
  }[];
}

export function Mine({ shared, granted, language }: MineProps & { readonly language: Language }): JSX.Element {
  const say = sayIn(language);
  if (granted.length > 0)
    return (
      <section class="notice" data-mine="granted">
        <b>{say('本单位的应用可以查询：', 'Systems of your department may ask it:')}</b>
        <ul>
          {granted.map(({ system, use, tries }) => (
            <li>
              {say(`${system.zh}，用于${use.zh} `, `${system.en}, for ${use.en} `)}
              <a href={tries}>{say('在沙箱中试查', 'try it in the sandbox')}</a>
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <section class="notice warn" data-mine="none">
      <b>{say('本单位的应用还不能查询此数据集。', 'No system of your department may ask it yet.')}</b>{' '}
      {shared
        ? say(
            '须由本单位的数据共享经办人员在本页提出共享申请，提供单位依法定期限答复；同意后数秒内即可查询。' +
              '请把所需字段、用途和理由告诉经办人员。',
            'An officer of your department for sharing applies for it on this page, and the publisher answers within ' +
              'the time that the law sets; once it is agreed to, your system may ask within seconds. Tell the ' +
              'officer which fields you need, for what and why.',
          )
        : say('该数据依法不予共享，不能申请。', 'By law it is not shared, and cannot be applied for.')}
    </section>
  );
}
