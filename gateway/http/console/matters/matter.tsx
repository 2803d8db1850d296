/** One matter: its questions, and what it takes under the answers. */

import type { ComponentChildren, JSX } from 'preact';
import { figuresOf, handedIn } from '../../../../contracts/bundle/figures.js';
import type { MergedField } from '../../../../contracts/bundle/merge.js';
import type { Bundle, Item, Term } from '../../../../contracts/bundle/types.js';
import { counted, type Say, sayIn } from '../../ui/say.js';
import { Saved } from './matters.js';
import type { MatterProps, Part } from './props.js';
import { Questions } from './questions.js';

export function matterView(props: MatterProps): JSX.Element {
  const { language, merged, nameOf } = props;
  const say = sayIn(language);
  const { bundle } = merged;
  const { forms, fields, materials } = figuresOf(merged);
  return (
    <>
      <p class="foot">
        <a href="/matters">{say('← 全部事项', '← All matters')}</a>
      </p>
      <h1>{bundle.title[language]}</h1>
      <p class="lead">{bundle.summary[language]}</p>
      <dl class="saves wide">
        <Saved title={say('表单', 'forms')} {...forms} />
        <Saved title={say('填写项', 'fields to fill in')} {...fields} />
        <Saved title={say('材料', 'papers to hand in')} {...materials} />
      </dl>
      <Questions {...props} say={say} />
      <Obstacles {...props} say={say} />
      <h2>{say('办理事项与时限', 'What is done, by whom, how fast')}</h2>
      <ol class="stages">
        {merged.stages.map((stage, at) => (
          <li class="card" key={at}>
            <h3>{stageTitle(say, at, stage.length)}</h3>
            <ul>
              {merged.items
                .filter(({ item }) => stage.includes(item.id))
                .map(({ item, applies }) => (
                  <li key={item.id}>
                    <b>{item.title[language]}</b>
                    {applies === 'yes' ? null : <Perhaps say={say} />}
                    <span>{nameOf(item.authority)}</span>
                    <span>
                      {item.told
                        ? say('由系统告知，无需申请', 'told by the platform, nothing to apply for')
                        : termIn(item.term, say)}
                    </span>
                    {preparedBy(item, bundle) === undefined ? null : (
                      <span>
                        {say('先行预审，待', 'prepared, takes effect with: ')}
                        {preparedBy(item, bundle)?.title[language]}
                        {say('完成后生效', '')}
                      </span>
                    )}
                  </li>
                ))}
            </ul>
          </li>
        ))}
      </ol>
      <Fields {...props} say={say} />
      <Materials {...props} say={say} />
      <Notes {...props} say={say} />
    </>
  );
}

const stageTitle = (say: Say, at: number, items: number): string =>
  say(`第 ${at + 1} 步${items > 1 ? '（并联办理）' : ''}`, `Step ${at + 1}${items > 1 ? ', side by side' : ''}`);

const preparedBy = (item: Item, { items }: Bundle): Item | undefined =>
  item.prepared === undefined ? undefined : items.get(item.prepared);

const Perhaps = ({ say }: { readonly say: Say }): JSX.Element => (
  <em class="perhaps">{say('视情况', 'depends on the answers')}</em>
);

/** In which time an item is done. */
export function termIn({ unit, days = 0, else: later }: Term, say: Say): string {
  const of = (kind: Exclude<Term['unit'], 'on-the-spot'>, n: number): string =>
    kind === 'working-days' ? say(`${n} 个工作日`, counted(n, 'working day')) : say(`${n} 日`, counted(n, 'day'));
  if (unit !== 'on-the-spot') return say(`时限：${of(unit, days)}`, `within ${of(unit, days)}`);
  return later === undefined
    ? say('当场办结', 'on the spot')
    : say(
        `当场办结；不能当场办结的，${of(later.unit, later.days)}`,
        `on the spot, else within ${of(later.unit, later.days)}`,
      );
}

/** What may stand in the way: what no register was asked is never said to be clear. */
function Obstacles({ language, obstacles, nameOf, say }: Part): JSX.Element | null {
  if (obstacles.length === 0) return null;
  return (
    <>
      <h2>{say('提交前要核查的情形', 'What is looked at before it is handed in')}</h2>
      <div class="card">
        <ul class="needs">
          {obstacles.map(({ item, requirement, state, owners }) => (
            <li key={`${item} ${requirement.says.en}`}>
              <span class={`state ${state === 'no' ? 'stale' : 'none'}`}>
                {state === 'no' ? say('不符合', 'not met') : say('登录后核查', 'looked up after sign-in')}
              </span>
              <b>{requirement.says[language]}</b>
              {owners.length === 0 ? null : <span>{owners.map(nameOf).join(say('、', ', '))}</span>}
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

const isAsked = ({ way }: MergedField): boolean => way.way === 'asked' || way.way === 'question';

function Fields({ language, merged, groups, say }: Part): JSX.Element {
  const { fields, bundle } = merged;
  const asked = grouped(fields.filter(isAsked));
  const filled = new Map<string, MergedField[]>();
  const put = (from: string, field: MergedField): void => void filled.set(from, [...(filled.get(from) ?? []), field]);
  for (const field of fields) {
    const { way } = field;
    if (way.way === 'register') put(way.sources[0]?.contract.name[language] ?? '', field);
    if (way.way === 'identity') put(say('登录账号', 'your account'), field);
    if (way.way === 'issued')
      put(
        say(
          `“${bundle.items.get(way.item)?.title.zh ?? ''}”办结后产生`,
          `issued by: ${bundle.items.get(way.item)?.title.en ?? ''}`,
        ),
        field,
      );
  }
  return (
    <div class="two">
      <section>
        <h2>{say('您需要填写', 'What you fill in')}</h2>
        <div class="card pad">
          {asked.size === 0 ? <p class="empty">{say('无需填写', 'nothing')}</p> : null}
          {[...asked].map(([group, some]) => (
            <Group title={groups.get(group)?.[language] ?? group} key={group}>
              {some.map((field) => (
                <li key={field.element.id}>
                  {field.element.title[language]}
                  {field.shown === 'yes' ? null : <Perhaps say={say} />}
                </li>
              ))}
            </Group>
          ))}
        </div>
      </section>
      <section>
        <h2>{say('系统自动填写', 'What is filled in for you')}</h2>
        <div class="card pad">
          {[...filled].map(([from, some]) => (
            <Group title={from} key={from}>
              {some.map(({ element }) => (
                <li key={element.id}>{element.title[language]}</li>
              ))}
            </Group>
          ))}
        </div>
      </section>
    </div>
  );
}

/** By the first part of the element's name. */
function grouped(fields: readonly MergedField[]): ReadonlyMap<string, readonly MergedField[]> {
  const found = new Map<string, MergedField[]>();
  for (const field of fields) {
    const [group = ''] = field.element.id.split('.');
    found.set(group, [...(found.get(group) ?? []), field]);
  }
  return found;
}

function Group({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class="group">
      <h3>{title}</h3>
      <ul>{children}</ul>
    </div>
  );
}

function Materials({ language, merged: { materials, bundle }, say }: Part): JSX.Element {
  const [own, others] = [true, false].map((needed) =>
    materials.filter(({ material }) => handedIn(material) === needed),
  );
  const why = ({ registers, within }: (typeof materials)[number]['material']): string => {
    const whole = within === undefined ? undefined : bundle.materials.get(within)?.title[language];
    if (whole !== undefined) return say(`已并入“${whole}”`, `part of: ${whole}`);
    return registers.length === 0
      ? ''
      : say('由数据核验：', 'checked in: ') + registers.map(({ name }) => name[language]).join(say('、', ', '));
  };
  return (
    <>
      <h2>{say('材料', 'Papers')}</h2>
      <div class="card">
        <ul class="needs">
          {own?.map(({ material, needed }) => (
            <li key={material.id}>
              <span class="state current">
                {material.kind === 'made'
                  ? say('系统生成，您签名', 'made for you to sign')
                  : say('您上传', 'you upload')}
              </span>
              <b>{material.title[language]}</b>
              {needed === 'yes' ? null : <Perhaps say={say} />}
            </li>
          ))}
          {others?.map(({ material }) => (
            <li key={material.id}>
              <span class="state none">{say('无需提交', 'not handed in')}</span>
              <span>{material.title[language]}</span>
              <span>{why(material)}</span>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

function Notes({ language, merged: { bundle }, say }: Part): JSX.Element {
  return (
    <>
      <h2>{say('依据与说明', 'Legal basis and notes')}</h2>
      <ul class="foot">
        {bundle.basis.map((basis) => (
          <li key={basis} lang="zh">
            {basis}
          </li>
        ))}
        {bundle.notes.map((note) => (
          <li key={note.en}>{note[language]}</li>
        ))}
      </ul>
    </>
  );
}
