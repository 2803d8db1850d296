/** All matters, each with what it saves. */
import type { JSX } from 'preact';
import { figuresOf } from '../../../../contracts/bundle/figures.js';
import type { Merged } from '../../../../contracts/bundle/merge.js';
import type { Language } from '../../../ground/language/language.js';

interface MattersProps {
  readonly language: Language;
  /** Each in its common case. */
  readonly matters: readonly Merged[];
  /** Of an authority, what people call it. */
  readonly nameOf: (authority: string) => string;
}

export function mattersView({ language, matters, nameOf }: MattersProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  return (
    <>
      <h1>{say('一件事办事指南', 'Matters done as one')}</h1>
      <p class="lead">
        {say(
          '跨部门的事项，一次告知、一张表单、一次提交。各部门已经掌握的信息不再要求填写，也不再要求提供证明。',
          'Matters that take several departments: told once, one form, handed in once. What a register has is ' +
            'neither asked nor to be proved.',
        )}
      </p>
      {matters.length === 0 ? null : (
        <p>
          <a class="quiet" href="/guide">
            {say('不知道是哪一件？用一句话告诉小浦', 'Not sure which? Say it in a sentence')}
          </a>
        </p>
      )}
      {matters.length === 0 ? (
        <div class="card">
          <p class="empty">{say('暂无事项', 'None yet.')}</p>
        </div>
      ) : (
        <ul class="matters">
          {matters.map((merged) => {
            const { bundle, items } = merged;
            const { forms, fields, materials } = figuresOf(merged);
            const departments = new Set(items.map(({ item }) => item.authority)).size;
            return (
              <li class="card pad" key={bundle.id}>
                <h2>
                  <a href={`/matters/${bundle.id}`}>{bundle.title[language]}</a>
                </h2>
                <p>{bundle.summary[language]}</p>
                <p class="foot">
                  {say('牵头部门：', 'Led by ')}
                  {nameOf(bundle.authority)}
                  {say(`；涉及 ${departments} 个部门`, `; ${departments} departments`)}
                </p>
                <dl class="saves">
                  <Saved title={say('表单', 'forms')} {...forms} />
                  <Saved title={say('填写项', 'fields')} {...fields} />
                  <Saved title={say('材料', 'papers')} {...materials} />
                </dl>
              </li>
            );
          })}
        </ul>
      )}
      <p class="foot">
        {say(
          '划去的数字为各部门分别办理时的数量，均按常见情形计算。',
          'Struck out: what each department would ask for by itself. All of it in the common case.',
        )}
      </p>
    </>
  );
}

/** How many there were, each department for itself, and how many are left. */
export function Saved(props: { readonly title: string; readonly before: number; readonly after: number }): JSX.Element {
  return (
    <div>
      <dt>{props.title}</dt>
      <dd>
        <s>{props.before}</s> <b>{props.after}</b>
      </dd>
    </div>
  );
}
