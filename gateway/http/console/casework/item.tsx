/** One item of the officer's own: what to check, its form whole with where each value is from, papers, the decision. */

import type { JSX } from 'preact';
import type { Element } from '../../../../contracts/bundle/types.js';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { MaterialLine } from '../../../procedures/cases/papers.js';
import type { Say } from '../../ui/say.js';
import { ItemActs } from './acts.js';
import { actsOn, type ItemPart } from './props.js';
import { Mark, statuses, Term, valueText } from './words.js';

export function OwnItem(part: ItemPart & { readonly first: boolean }): JSX.Element {
  const { language, opened, bundle, item, first, say } = part;
  const one = opened.state.items[item];
  const term = opened.terms[item];
  const title = bundle?.items.get(item)?.title[language] ?? say('已停用的事项', item);
  const status = one?.status ?? 'waiting';
  const may = part.roles.includes('case-officer') ? actsOn(opened.acts, { item }) : [];
  const body = (
    <>
      <Unknown {...part} />
      <Supplement {...part} />
      <div class={may.length > 0 ? 'work' : ''}>
        <div>
          <OwnForm {...part} />
          <Materials {...part} />
        </div>
        {may.length > 0 ? <ItemActs {...part} may={may} /> : null}
      </div>
      <Decided {...part} />
    </>
  );
  const head = (
    <>
      <Mark of={statuses[status]} language={language} />
      {status === 'held' && term !== undefined ? <Term term={term} language={language} /> : null}
    </>
  );
  return may.length > 0 || first ? (
    <section class="own-item" aria-labelledby={`item-${item}`}>
      <div class="head">
        <h2 id={`item-${item}`}>{title}</h2>
        <div class="row">{head}</div>
      </div>
      {body}
    </section>
  ) : (
    <details class="card own-item folded">
      <summary>
        <b>{title}</b> {head}
      </summary>
      {body}
    </details>
  );
}

/** What no register has said: the authority looks before it grants. */
function Unknown({ language, opened: { state }, bundle, item, say }: ItemPart): JSX.Element | null {
  const planned = state.plan?.items[item];
  const requires = bundle?.items.get(item)?.requires ?? [];
  if (planned === undefined || state.items[item]?.status !== 'held') return null;
  const { unknown, sure } = planned;
  if (unknown.length === 0 && sure) return null;
  return (
    <div class="notice warn">
      <p>
        <b>{say('登记信息未能确认，需要您核查', 'No register has said this: look before you decide')}</b>
      </p>
      <ul class="plainlist">
        {sure ? null : (
          <li>
            {say(
              '是否需要办理本事项：不需要的，请确认不适用。',
              'Whether this applies at all: where it does not, say so.',
            )}
          </li>
        )}
        {unknown.map((at) => (
          <li key={at}>
            {requires[at]?.says[language] ?? say('一项办理条件', 'a requirement')}
            {say('：是否如此尚不清楚', ': whether it is so is not known')}
            <small class="plain soft" lang="zh">
              {requires[at]?.basis.join('；')}
            </small>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What was asked for, and what came. */
function Supplement({ opened: { contents, state }, bundle, item, say }: ItemPart): JSX.Element | null {
  const { asked, given } = contents?.items[item] ?? {};
  if (asked === undefined) return null;
  const fields = bundle?.items.get(item)?.form.fields ?? [];
  const at = state.items[item];
  return (
    <div class="notice">
      <p>
        <b>{say('一次性告知的补正内容', 'What the applicant was asked for')}</b>{' '}
        {at?.askedAt === undefined ? null : <time class="soft">{localMinute(at.askedAt)}</time>}
      </p>
      {asked.fields.length === 0 ? null : (
        <p lang="zh">
          {asked.fields.map((name) => fields.find((field) => field.name === name)?.title ?? name).join('、')}
        </p>
      )}
      {asked.says === '' ? null : <p class="said own">{asked.says}</p>}
      {given === undefined || given === '' ? null : (
        <>
          <p>
            <b>{say('申请人的说明', 'What the applicant says')}</b>{' '}
            {at?.givenAt === undefined ? null : <time class="soft">{localMinute(at.givenAt)}</time>}
          </p>
          <p class="said own">{given}</p>
        </>
      )}
    </div>
  );
}

/** Where a value is from, in words. */
function sourceOf(
  { language, opened: { contents, state }, bundle, workspace, item, say }: ItemPart,
  element: Element | undefined,
  name: string,
): { readonly from: string; readonly at?: string } {
  const filled = contents?.filled[element?.id ?? ''];
  if (filled !== undefined) {
    const register = workspace.contracts.get(filled.dataset as never)?.name[language] ?? say('登记库', 'a register');
    return { from: register, ...(filled.sourceTime === '' ? {} : { at: filled.sourceTime }) };
  }
  const given = contents?.items[item]?.asked?.fields.includes(name) === true;
  if (given && state.items[item]?.givenAt !== undefined) return { from: say('申请人补正', 'supplement') };
  const issuer = [...(bundle?.items.values() ?? [])].find(({ issues }) => issues.includes(element?.id ?? ''));
  if (issuer !== undefined && element?.registers.length === 0 && bundle?.applicant === 'person')
    return { from: say(`“${issuer.title.zh}”办结后产生`, `issued by ${issuer.title.en}`) };
  if (element !== undefined && bundle !== undefined && element.identity.includes(bundle.applicant))
    return { from: say('身份核验', 'the account') };
  return { from: say('申请人填写', 'the applicant') };
}

function OwnForm(part: ItemPart): JSX.Element {
  const { language, opened, bundle, elements, workspace, item, say } = part;
  const layout = opened.contents?.layout[item];
  const form = bundle?.items.get(item)?.form;
  if (layout === undefined) return <p class="empty card">{say('表单内容不可读取', 'The form cannot be read.')}</p>;
  const rows = Object.entries(layout).map(([name, id]) => {
    const element = elements.get(id);
    const field = form?.fields.find((one) => one.name === name);
    const value = valueText({
      element,
      value: opened.contents?.values[id],
      codelists: workspace.codelists,
      language,
    });
    const title = language === 'zh' ? (field?.title ?? element?.title.zh) : (element?.title.en ?? field?.title);
    return { name, title: title ?? say('已停用的字段', name), value, source: sourceOf(part, element, name) };
  });
  return (
    <div class="card">
      <h3 class="in" lang="zh">
        {form?.title ?? ''}
      </h3>
      <table class="stack form">
        <thead>
          <tr>
            <th scope="col">{say('项目', 'Field')}</th>
            <th scope="col">{say('内容', 'Value')}</th>
            <th scope="col">{say('来源', 'From')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, title, value, source }) => (
            <tr key={name}>
              <th scope="row">{title}</th>
              <td class={value === undefined ? 'soft' : 'own'}>{value ?? say('未填写', 'nothing')}</td>
              <td class="soft">
                {value === undefined ? (
                  ''
                ) : (
                  <>
                    {source.from}
                    {source.at === undefined ? null : <small class="plain">{localMinute(source.at)}</small>}
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Papers that the department takes, and how each stands; what can be opened is. */
function Materials({ language, opened, materials, item, say }: ItemPart): JSX.Element | null {
  const own = materials.filter(({ items }) => items.includes(item));
  if (own.length === 0) return null;
  return (
    <>
      <h3>{say('材料清单', 'Papers')}</h3>
      <ul class="card rows">
        {own.map((line) => {
          const { css, mark, more } = standsOf(line, language, say);
          return (
            <li key={line.material}>
              <div class="grow">
                <p>
                  {line.type === undefined ? (
                    line.title[language]
                  ) : (
                    <a href={`/console/casework/${opened.id}/materials/${line.material}`} download>
                      {line.title[language]}
                    </a>
                  )}
                </p>
                <p class="foot">{more}</p>
              </div>
              <span class={`state ${css}`}>{mark}</span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function standsOf(
  { kind, state, registers = [], parts = [], size }: MaterialLine,
  language: Language,
  say: Say,
): { readonly css: string; readonly mark: string; readonly more: string } {
  const join = (all: readonly Localised[]): string => all.map((one) => one[language]).join(say('、', ', '));
  const within = parts.length === 0 ? '' : say(`，含${join(parts)}`, `; with ${join(parts)}`);
  switch (kind) {
    case 'data':
      return {
        css: 'none',
        mark: say('免提交', 'not handed in'),
        more: say('由数据核验：', 'checked in: ') + join(registers.map(({ name }) => name)),
      };
    case 'made': {
      const isSigned = state === 'signed' || state === 'filed';
      return {
        css: isSigned ? 'ok' : 'warn',
        mark: isSigned ? say('已签名', 'signed') : say('未签名', 'not signed'),
        more: say('由表单生成', 'made of the form') + within,
      };
    }
    case 'upload':
      return state === 'given' || state === 'filed'
        ? {
            css: 'ok',
            mark: say('已提交', 'given'),
            more:
              say('申请人上传', 'uploaded by the applicant') +
              (size === undefined ? '' : say(`，${kib(size)} 千字节`, `, ${kib(size)} KiB`)),
          }
        : { css: 'warn', mark: say('未提交', 'not given'), more: say('由申请人提供', 'the applicant has it') };
  }
}

const kib = (bytes: number): string => Math.ceil(bytes / 1024).toLocaleString('en');

/** What was written with the decision. */
function Decided({ opened: { contents }, item, say }: ItemPart): JSX.Element | null {
  const { reasons, remark } = contents?.items[item] ?? {};
  if ((reasons ?? '') === '' && (remark ?? '') === '') return null;
  return (
    <div class="notice">
      <p>
        <b>{(reasons ?? '') === '' ? say('办理意见', 'Remark') : say('不予办理的理由', 'Reasons of the refusal')}</b>
      </p>
      <p class="said own">{(reasons ?? '') === '' ? remark : reasons}</p>
    </div>
  );
}
