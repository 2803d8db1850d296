/** The beginning of an application: for which use, of which system, and which datasets of the catalogue. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { Form, TickField } from '../../ui/form.js';
import { Pager } from '../../ui/pager.js';
import { counted, type Say, sayIn } from '../../ui/say.js';
import { SampleTable } from './sample-table.js';
import type { OnOffer } from './views.js';
import { attributes, Mark, PATH } from './words.js';

interface Named {
  readonly id: string;
  readonly name: Localised;
}

interface ChooseProps {
  readonly language: Language;
  readonly clients: readonly Named[];
  readonly purposes: readonly (Named & { readonly basis: readonly string[] })[];
  readonly client: string;
  readonly purpose: string;
  readonly q: string;
  /** The draft to which datasets are added; undefined: one begins. */
  readonly draft: string | undefined;
  readonly offers: readonly OnOffer[];
  readonly found: number;
  readonly page: number;
  readonly pages: number;
}

type Part = ChooseProps & { readonly say: Say };

export function choosePage(props: ChooseProps): JSX.Element {
  const { language, clients, purposes, client, purpose, q, page, pages } = props;
  const say = sayIn(language);
  const part: Part = { ...props, say };
  const at = (to: number): string =>
    `${PATH}/new?${new URLSearchParams({
      ...(props.draft === undefined ? { client, purpose } : { draft: props.draft }),
      ...(q === '' ? {} : { q }),
      page: String(to),
    }).toString()}`;
  const chosen = purposes.find(({ id }) => id === purpose);
  return (
    <>
      <p class="foot">
        <a href={PATH}>{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <h1>{say('新建共享申请', 'Apply for data')}</h1>
      <Steps at={1} say={say} />
      <form class="filters" method="get" action={`${PATH}/new`} role="search">
        {props.draft === undefined ? null : <input type="hidden" name="draft" value={props.draft} />}
        <label>
          {say('使用系统', 'System')}
          <select name="client">
            {clients.map(({ id, name }) => (
              <option value={id} selected={id === client} key={id}>
                {name[language]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {say('用途', 'Purpose')}
          <select name="purpose">
            <option value="">{say('请选择', 'choose')}</option>
            {purposes.map(({ id, name }) => (
              <option value={id} selected={id === purpose} key={id}>
                {name[language]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {say('数据集、字段、提供单位', 'Dataset, field, provider')}
          <input type="search" name="q" value={q} maxLength={100} />
        </label>
        <div class="row">
          <button class="button" type="submit">
            {say('查找数据', 'Find')}
          </button>
        </div>
      </form>
      {chosen === undefined ? (
        <p class="notice" role="status">
          {say(
            '先选择用途：系统据此列出该用途通常需要的数据，并建议最小字段范围。',
            'Choose the purpose first: what it usually needs comes first, with the fewest fields proposed.',
          )}
        </p>
      ) : (
        <p class="lead">{chosen.basis.join(say('；', '; '))}</p>
      )}
      <Offers {...part} />
      <Pager
        back={{ href: page > 1 ? at(page - 1) : undefined, words: say('← 上一页', '← Previous'), rel: 'prev' }}
        on={{ href: page < pages ? at(page + 1) : undefined, words: say('下一页 →', 'Next →'), rel: 'next' }}
      />
    </>
  );
}

/** Where whoever applies is. */
export function Steps({ at, say }: { readonly at: 1 | 2 | 3; readonly say: Say }): JSX.Element {
  const steps = [
    say('选择用途和数据', 'Purpose and data'),
    say('选择字段、说明理由', 'Fields and reasons'),
    say('审核并提交', 'Consent and filing'),
  ];
  return (
    <nav class="going-on" aria-label={say('申请步骤', 'Steps')}>
      <ol>
        {steps.map((one, index) => (
          <li class={index + 1 < at ? 'done' : undefined} key={one}>
            <span aria-current={index + 1 === at ? 'step' : undefined}>
              {index + 1}. {one}
            </span>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Offers({ language, client, purpose, draft, offers, found, q, say }: Part): JSX.Element {
  if (offers.length === 0)
    return (
      <div class="card">
        <p class="empty">
          {q === ''
            ? say('数据目录中没有可申请的数据集', 'The catalogue has nothing to apply for.')
            : say(`没有与“${q}”相符的数据集，可换个说法`, `Nothing matches “${q}”.`)}
        </p>
      </div>
    );
  return (
    <Form action={PATH} name="begin" hidden={{ client, purpose, ...(draft === undefined ? {} : { draft }) }}>
      <div class="head">
        <h2>{say(`数据目录（${found} 个数据集）`, `Catalogue (${found} datasets)`)}</h2>
        {purpose === '' ? null : (
          <button class="button" type="submit">
            {draft === undefined
              ? say('用所选数据集填写申请', 'Go on with what is picked')
              : say('加入申请', 'Add to the application')}
          </button>
        )}
      </div>
      <ul class="offers">
        {offers.map((offer) => (
          <Offer offer={offer} pickable={purpose !== ''} language={language} say={say} key={offer.id} />
        ))}
      </ul>
    </Form>
  );
}

function Offer({
  offer,
  pickable,
  language,
  say,
}: {
  readonly offer: OnOffer;
  readonly pickable: boolean;
  readonly language: Language;
  readonly say: Say;
}): JSX.Element {
  const { id, title, description, provider, attribute, refusal, conditions, records, users, usual, sample } = offer;
  const can = pickable && attribute !== 'none';
  return (
    <li class="card pad offer">
      <div class="head">
        {can ? (
          <TickField name="dataset" value={id} checked={usual} label={<b>{title[language]}</b>} />
        ) : (
          <b>{title[language]}</b>
        )}
        <span class="marks">
          {usual ? <span class="state ok">{say('该用途通常需要', 'usual for this purpose')}</span> : null}
          <Mark of={attributes[attribute]} language={language} />
        </span>
      </div>
      <p class="foot">
        {provider[language]} · {say(`${records.toLocaleString('en')} 条记录`, counted(records, 'record'))} ·{' '}
        {say(`${users} 个应用在用`, `${users} ${users === 1 ? 'client uses' : 'clients use'} it`)}
      </p>
      {refusal === undefined ? null : (
        <p class="foot">
          <b>{say('不予共享：', 'Not shared: ')}</b>
          {refusal.reason[language]} {refusal.basis.join(say('；', '; '))}
        </p>
      )}
      <details class="sample">
        <summary>{say(`${title.zh}的内容、条件和样例`, `What ${title.en} is, on which conditions`)}</summary>
        <p>{description[language]}</p>
        {conditions === undefined ? null : (
          <p class="foot">
            {say('共享范围：', 'Scope: ')}
            {conditions.scope[language]}
            <br />
            {say('使用条件：', 'Use: ')}
            {conditions.use[language]}
          </p>
        )}
        <SampleTable lines={sample} language={language} />
        <p>
          <a href={`/console/datasets/${id}`}>{say('数据质量、字段与来龙去脉', 'Its quality, fields and lineage')}</a>
        </p>
      </details>
    </li>
  );
}
