/** Opening a matter that is no application: one form for each act by which it may begin. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { ChoiceField, FoldedForm, Form, PicksField, TextField } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import { ActField } from './acts.js';
import type { Input } from './opening.js';
import type { ActLine } from './views.js';
import { PATH } from './words.js';

interface Option {
  readonly value: string;
  readonly title: Localised;
}

interface OpenProps {
  readonly language: Language;
  readonly machine: string;
  readonly title: Localised;
  readonly basis: string;
  readonly acts: readonly ActLine[];
  /** By act. */
  readonly inputs: Readonly<Record<string, readonly Input[]>>;
  readonly options: Readonly<Partial<Record<Input['kind'], readonly Option[]>>>;
  /** What was chosen where somebody came from, by kind. */
  readonly chosen: Readonly<Partial<Record<Input['kind'], string>>>;
}

export function openPage(props: OpenProps): JSX.Element {
  const { language, machine, title, basis, acts } = props;
  const say = sayIn(language);
  const [only, ...more] = acts;
  return (
    <>
      <p class="foot">
        <a href={PATH}>{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <h1>{say(`发起${title.zh}`, `Begin: ${title.en}`)}</h1>
      <p class="lead">{basis}</p>
      {only === undefined ? (
        <div class="card">
          <p class="empty">{say('您的岗位不能发起这类事项', 'It is not for your role to begin this.')}</p>
        </div>
      ) : more.length === 0 ? (
        <Form action={`${PATH}/open/${machine}`} name={only.act} class="card pad fill" hidden={{ act: only.act }}>
          <Fields {...props} act={only} say={say} />
        </Form>
      ) : (
        acts.map((act) => (
          <section class="act" key={act.act}>
            <FoldedForm
              action={`${PATH}/open/${machine}`}
              name={act.act}
              summary={act.title[language]}
              class="fill"
              hidden={{ act: act.act }}
            >
              <Fields {...props} act={act} say={say} />
            </FoldedForm>
          </section>
        ))
      )}
    </>
  );
}

function Fields({
  act,
  inputs,
  options,
  chosen,
  language,
  say,
}: OpenProps & { readonly act: ActLine; readonly say: Say }): JSX.Element {
  return (
    <>
      {(inputs[act.act] ?? []).map((one) => (
        <InputField key={one.name} input={one} options={options} chosen={chosen} language={language} say={say} />
      ))}
      {act.fields.map((field) => (
        <ActField key={field.name} field={field} language={language} say={say} />
      ))}
      <p>
        <button class={act.danger ? 'button danger' : 'button'} type="submit">
          {act.title[language]}
        </button>
      </p>
    </>
  );
}

function InputField({
  input: { name, title, kind, required, hint, choices },
  options,
  chosen,
  language,
  say,
}: Pick<OpenProps, 'options' | 'chosen' | 'language'> & { readonly input: Input; readonly say: Say }): JSX.Element {
  const field = `content.${name}`;
  const when = hint ?? { zh: '选填', en: 'optional' };
  const label = required ? title[language] : say(`${title.zh}（${when.zh}）`, `${title.en} (${when.en})`);
  const all =
    choices === undefined
      ? options[kind]
      : Object.entries(choices).map(([value, words]): Option => ({ value, title: words }));
  if (kind === 'authorities')
    return (
      <PicksField
        name={field}
        label={label}
        options={(options.authority ?? []).map((one) => ({ value: one.value, title: one.title[language] }))}
      />
    );
  if (all === undefined)
    return (
      <TextField
        name={field}
        label={label}
        type={kind === 'day' ? 'date' : 'text'}
        required={required}
        maxLength={200}
        autocomplete="off"
      />
    );
  return (
    <ChoiceField
      name={field}
      label={label}
      required={required}
      value={chosen[kind] ?? ''}
      options={[
        { value: '', title: say('请选择', 'choose') },
        ...all.map((one) => ({ value: one.value, title: one.title[language] })),
      ]}
    />
  );
}
