/** What an officer may do with an item: one form an act, each folded until it is wanted, reached by a key. */
import type { ComponentChildren, JSX } from 'preact';
import type { Element } from '../../../../contracts/bundle/types.js';
import type { Possible } from '../../../procedures/cases/machine.js';
import { AreaField, ChoiceField, FoldedForm, PicksField, TextField } from '../../ui/form.js';
import type { ItemPart, Part } from './props.js';

const MOST = 2000;

interface ActProps {
  readonly part: Part;
  readonly act: string;
  readonly of: Readonly<Record<string, string>>;
  readonly shortcut: string;
  readonly title: string;
  readonly button: string;
  readonly danger?: boolean;
  readonly children: ComponentChildren;
}

function Act({ part: { opened, key }, act, of, shortcut, title, button, danger, children }: ActProps): JSX.Element {
  return (
    <section class="act" data-key={shortcut}>
      <FoldedForm
        name={`${act} ${Object.values(of)[0] ?? ''}`}
        summary={title}
        action={`/console/casework/${opened.id}`}
        hidden={{ act, ...of, key: `${act}-${key}` }}
        data-once
      >
        {children}
        <p>
          <button class={danger === true ? 'button danger' : 'button'} type="submit">
            {button}
          </button>
        </p>
      </FoldedForm>
    </section>
  );
}

/** A field for what an item issues. */
function Issued({ element, part }: { readonly element: Element; readonly part: Part }): JSX.Element {
  const { language, workspace, say } = part;
  const name = `issued.${element.id}`;
  const label = element.title[language] + (element.many ? say('（每行一项）', ' (one a line)') : '');
  if (element.many) return <AreaField name={name} label={label} rows={3} required maxLength={MOST} />;
  const choices =
    element.type === 'yes-no'
      ? [
          { value: 'yes', title: say('是', 'yes') },
          { value: 'no', title: say('否', 'no') },
        ]
      : element.codelist === undefined
        ? undefined
        : [...(workspace.codelists.get(element.codelist)?.codes ?? [])].map(([value, title]) => ({
            value,
            title: title[language],
          }));
  if (choices !== undefined)
    return (
      <ChoiceField
        name={name}
        label={label}
        required
        options={[{ value: '', title: say('请选择', 'choose') }, ...choices]}
      />
    );
  return (
    <TextField
      name={name}
      label={label}
      required
      autocomplete="off"
      maxLength={200}
      type={element.type === 'date' ? 'date' : 'text'}
    />
  );
}

export function ItemActs(part: ItemPart & { readonly may: readonly Possible[] }): JSX.Element {
  const { may, say } = part;
  const has = (act: Possible['act']): boolean => may.some((one) => one.act === act);
  return (
    <aside class="acts" aria-label={say('办理', 'Decide')}>
      <h3>{say('作出决定', 'Decide')}</h3>
      {has('grant') ? <Grant {...part} /> : null}
      {has('ask') ? <Ask {...part} /> : null}
      {has('refuse') ? <Refuse {...part} /> : null}
      {has('pass') ? <Pass {...part} /> : null}
    </aside>
  );
}

/** Which state of the item was looked at: who is later than somebody else is told. */
const seenOf = ({ opened: { state }, item }: ItemPart): Readonly<Record<string, string>> => ({
  item,
  seen: String(state.items[item]?.since ?? 0),
});

function Grant(part: ItemPart): JSX.Element {
  const {
    language,
    opened: { state },
    bundle,
    elements,
    item,
    say,
  } = part;
  const planned = state.plan?.items[item];
  const requires = bundle?.items.get(item)?.requires ?? [];
  const told = planned?.told === true;
  const unknown = planned?.unknown ?? [];
  return (
    <Act
      part={part}
      act="grant"
      of={seenOf(part)}
      shortcut="g"
      title={told ? say('确认知悉', 'Take note') : say('同意办理', 'Grant')}
      button={told ? say('确认知悉', 'Take note') : say('同意办理', 'Grant')}
    >
      {unknown.length === 0 ? null : (
        <PicksField
          name="checked"
          label={say('已核查，下列情形不存在', 'Looked up: none of these is so')}
          options={unknown.map((at) => ({
            value: String(at),
            title: requires[at]?.says[language] ?? say('一项办理条件', 'a requirement'),
          }))}
        />
      )}
      {(planned?.issues ?? []).flatMap((id) => {
        const element = elements.get(id);
        return element === undefined ? [] : [<Issued element={element} part={part} key={id} />];
      })}
      <AreaField name="says" label={say('办理意见（选填）', 'Remark (optional)')} rows={2} maxLength={MOST} />
    </Act>
  );
}

function Ask(part: ItemPart): JSX.Element {
  const {
    language,
    opened: { contents },
    bundle,
    elements,
    item,
    say,
  } = part;
  const form = bundle?.items.get(item)?.form;
  const layout = contents?.layout[item] ?? {};
  return (
    <Act
      part={part}
      act="ask"
      of={seenOf(part)}
      shortcut="s"
      title={say('一次性告知补正', 'Ask for a supplement')}
      button={say('告知申请人', 'Ask the applicant')}
    >
      <p class="foot">
        {say('每个事项只能告知一次，请列全需要补正的内容。', 'An item is asked about once: name all that is lacking.')}
      </p>
      <PicksField
        name="fields"
        label={say('需要补正的项目', 'Fields')}
        class="many"
        options={Object.entries(layout).map(([name, id]) => ({
          value: name,
          title:
            (language === 'zh' ? form?.fields.find((one) => one.name === name)?.title : undefined) ??
            elements.get(id)?.title[language] ??
            name,
        }))}
      />
      <AreaField name="says" label={say('告知内容', 'What is lacking, in words')} rows={4} maxLength={MOST} />
    </Act>
  );
}

function Refuse(part: ItemPart): JSX.Element {
  const { language, bundle, item, say } = part;
  const requires = bundle?.items.get(item)?.requires ?? [];
  const outcome = [...(bundle?.outcomes.values() ?? [])].find((one) => one.kind === 'refused' && one.item === item);
  return (
    <Act
      part={part}
      act="refuse"
      of={seenOf(part)}
      shortcut="r"
      title={say('不予办理', 'Refuse')}
      button={say('作出不予办理决定', 'Refuse')}
      danger
    >
      {requires.length === 0 ? null : (
        <PicksField
          name="reason"
          label={say('不符合的条件', 'What stands in the way')}
          options={requires.map(({ says, basis }, at) => ({
            value: String(at),
            title: says[language],
            ...(language === 'zh' ? { hint: basis.join('；') } : {}),
          }))}
        />
      )}
      <AreaField name="says" label={say('理由', 'Reasons')} rows={4} maxLength={MOST} />
      {outcome === undefined ? null : (
        <div class="foot">
          {outcome.stands.length === 0 ? null : (
            <p>
              {say('不受影响：', 'Stands: ')}
              {titlesOf(part, outcome.stands)}
            </p>
          )}
          {outcome.undone.length === 0 ? null : (
            <p>
              {say('一并撤销或者终止：', 'Undone with it: ')}
              {titlesOf(part, outcome.undone)}
            </p>
          )}
          {outcome.task === undefined ? null : (
            <p>
              {say('将产生后续任务：', 'Leaves a task: ')}
              {outcome.task.says[language]}
            </p>
          )}
        </div>
      )}
    </Act>
  );
}

const titlesOf = ({ language, bundle, opened: { state }, say }: Part, items: readonly string[]): string =>
  items
    .filter((id) => state.plan?.items[id] !== undefined)
    .flatMap((id) => bundle?.items.get(id)?.title[language] ?? [])
    .join(say('、', ', '));

const Pass = (part: ItemPart): JSX.Element => (
  <Act
    part={part}
    act="pass"
    of={seenOf(part)}
    shortcut="p"
    title={part.say('确认不适用', 'It does not apply')}
    button={part.say('确认不适用', 'It does not apply')}
  >
    <AreaField name="says" label={part.say('说明（选填）', 'Remark (optional)')} rows={2} maxLength={MOST} />
  </Act>
);

export const TaskForm = (part: Part & { readonly task: string }): JSX.Element => (
  <Act
    part={part}
    act="settle"
    of={{ task: part.task }}
    shortcut="t"
    title={part.say('任务办结', 'The task is done')}
    button={part.say('任务办结', 'The task is done')}
  >
    <AreaField name="says" label={part.say('办理情况（选填）', 'What was done (optional)')} rows={2} maxLength={MOST} />
  </Act>
);

export const AnswerForm = (part: Part): JSX.Element => (
  <Act
    part={part}
    act="answer"
    of={{}}
    shortcut="a"
    title={part.say('核实并回复', 'Look into it and answer')}
    button={part.say('回复申请人', 'Answer')}
  >
    <AreaField name="says" label={part.say('核实和整改情况', 'What came of it')} rows={4} maxLength={MOST} required />
  </Act>
);

/** Who leads ends the case, as where somebody objects. */
export function StopForm(part: Part): JSX.Element {
  const { language, opened, bundle, say } = part;
  const outcomes = opened.acts.flatMap(({ act, outcome }) =>
    act === 'stop' && outcome !== undefined ? [outcome] : [],
  );
  return (
    <>
      <h2>{say('终止整个办件', 'Stop the whole case')}</h2>
      <Act
        part={part}
        act="stop"
        of={{}}
        shortcut="x"
        title={say('终止办理', 'Stop')}
        button={say('终止办理', 'Stop the case')}
        danger
      >
        <ChoiceField
          name="outcome"
          label={say('情形', 'Why')}
          required
          options={outcomes.map((value) => ({
            value,
            title: bundle?.outcomes.get(value)?.title[language] ?? say('其他情形', value),
          }))}
        />
        <AreaField name="says" label={say('理由', 'Reasons')} rows={3} maxLength={MOST} required />
      </Act>
    </>
  );
}
