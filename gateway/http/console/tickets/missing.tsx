/** Something that a register should have of a company and does not: the company says of which register, and what. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { Lifecycle } from '../../../../contracts/lifecycle/types.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { ChoiceField } from '../../ui/form.js';
import { ActForm } from './words.js';

interface MissingProps {
  readonly language: Language;
  readonly csrf: string;
  readonly subject: string;
  /** For whom else the person speaks. */
  readonly others: readonly { readonly subject: string; readonly href: string; readonly here: boolean }[];
  /** Named as only this session understands. */
  readonly hidden: string;
  /** Registers by who holds them; none of which a ticket is open already. */
  readonly registers: readonly { readonly id: string; readonly name: Localised; readonly authority: Localised }[];
  /** What may be opened, with its act. */
  readonly openings: readonly { readonly lifecycle: Lifecycle; readonly act: string }[];
}

export function missingPage({ language, subject, others, hidden, registers, openings }: MissingProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const bare = (one: string): string => keyOf(one);
  return (
    <>
      <p class="foot">
        <a href="/console/tickets/records">{say('← 选择记录', '← Choose a record')}</a>
      </p>
      <h1>{say('信息有遗漏', 'Something is missing')}</h1>
      <p class="lead">
        {say(
          '应有的记录查不到、登记簿中没有本企业，或者信息不完整的，可以提出异议。由公共信用信息服务中心受理；属于其他单位的信息，转交该单位办理。',
          'A record that should be there is not, a register does not know your company, or what it has is not ' +
            'whole: object to it. The credit centre takes it up, and forwards what another authority holds.',
        )}
      </p>
      {others.length > 1 ? (
        <nav class="pills" aria-label={say('企业', 'Company')}>
          {others.map((one) => (
            <a href={one.href} aria-current={one.here ? 'true' : undefined}>
              {bare(one.subject)}
            </a>
          ))}
        </nav>
      ) : (
        <p class="notice">
          {say('企业：', 'Company: ')}
          <span class="mono">{bare(subject)}</span>
        </p>
      )}
      {openings.length === 0 || registers.length === 0 ? (
        <div class="card">
          <p class="empty">
            {say(
              '各登记簿的遗漏异议均在办理中，或您不能提出。',
              'There is a ticket about each register already, or you cannot open one.',
            )}
          </p>
        </div>
      ) : (
        openings.map(({ lifecycle, act }) => (
          <section class="card pad" aria-label={lifecycle.title[language]}>
            <ActForm
              language={language}
              name={`missing ${lifecycle.id} ${act}`}
              action="/console/tickets"
              lifecycle={lifecycle}
              act={act}
              hidden={{ lifecycle: lifecycle.id, of: hidden }}
            >
              <ChoiceField
                name="register"
                required
                label={say('哪个单位的哪项信息', 'Which information, of whom')}
                value={undefined}
                options={[
                  { value: '', title: say('请选择', 'Choose') },
                  ...registers.map(({ id, name, authority }) => ({
                    value: id,
                    title: name[language],
                    group: authority[language],
                  })),
                ]}
              />
            </ActForm>
          </section>
        ))
      )}
    </>
  );
}
