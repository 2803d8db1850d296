/** What somebody may do with an application: one folded form an act, and none that is not possible now. */

import type { ComponentChildren, JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { AreaField, ChoiceField, FoldedForm, Form, PicksField, TextField } from '../../ui/form.js';
import type { Say } from '../../ui/say.js';
import type { ActLine, AskedDataset } from './views.js';
import { PATH } from './words.js';

export interface ActProps {
  readonly id: string;
  /** Which state was looked at. */
  readonly seen: string;
  readonly language: Language;
  readonly say: Say;
}

/** Keys of the acts that an officer does all day; the first of the page counts. */
const KEYS: Readonly<Record<string, string>> = {
  approve: 'c',
  file: 'f',
  propose: 'a',
  'tell-missing': 's',
  agree: 'y',
  refuse: 'r',
  complete: 'm',
};

export function Acts({
  acts,
  dataset,
  ...part
}: ActProps & { readonly acts: readonly ActLine[]; readonly dataset?: AskedDataset }): JSX.Element | null {
  if (acts.length === 0) return null;
  return (
    <div class="acts-here">
      {acts.map((act) => (
        <ActForm {...part} act={act} dataset={dataset} key={`${act.act} ${act.clock ?? ''}`} />
      ))}
    </div>
  );
}

/** What asks for nothing is one press; what cannot be taken back is unfolded first all the same. */
const atOnce = ({ fields, content, days, danger }: ActLine): boolean =>
  fields.length === 0 && content === undefined && days === undefined && !danger;

function ActForm({
  id,
  seen,
  act,
  dataset,
  language,
  say,
}: ActProps & { readonly act: ActLine; readonly dataset: AskedDataset | undefined }): JSX.Element {
  const hidden = {
    act: act.act,
    seen,
    ...(act.part === undefined ? {} : { part: act.part }),
    ...(act.clock === undefined ? {} : { clock: act.clock }),
  };
  const form = { name: `${act.act} ${act.part ?? ''} ${act.clock ?? ''}`, action: `${PATH}/${id}`, hidden };
  if (atOnce(act))
    return (
      <section class="act" data-key={KEYS[act.act]}>
        <Form {...form} data-once>
          <button class="button" type="submit">
            {act.title[language]}
          </button>
        </Form>
      </section>
    );
  return (
    <section class="act" data-key={KEYS[act.act]}>
      <FoldedForm {...form} summary={act.title[language]} data-once>
        {act.content === 'reply' && dataset !== undefined ? (
          <Reply dataset={dataset} language={language} say={say} />
        ) : null}
        {act.content === 'missing' && dataset !== undefined ? (
          <Missing dataset={dataset} language={language} say={say} />
        ) : null}
        {act.days === undefined || act.clock === undefined ? null : (
          <TextField
            name="days"
            label={say(`延长几个工作日（至多 ${act.days} 个）`, `Working days more, ${act.days} at most`)}
            inputmode="numeric"
            maxLength={2}
            autocomplete="off"
            required
          />
        )}
        {act.fields.map((field) => (
          <ActField field={field} language={language} say={say} key={field.name} />
        ))}
        <p>
          <button class={act.danger ? 'button danger' : 'button'} type="submit">
            {act.title[language]}
          </button>
        </p>
      </FoldedForm>
    </section>
  );
}

export function ActField({
  field: { name, title, required, max, codes, day },
  language,
  say,
}: {
  readonly field: ActLine['fields'][number];
  readonly language: Language;
  readonly say: Say;
}): JSX.Element {
  const label = required ? title[language] : say(`${title.zh}（选填）`, `${title.en} (optional)`);
  if (codes !== undefined)
    return (
      <ChoiceField
        name={`field.${name}`}
        label={label}
        required={required}
        options={[
          { value: '', title: say('请选择', 'choose') },
          ...Object.entries(codes).map(([value, words]) => ({ value, title: words[language] })),
        ]}
      />
    );
  if (day === true) return <TextField name={`field.${name}`} label={label} type="date" required={required} />;
  return <AreaField name={`field.${name}`} label={label} rows={3} maxLength={max} required={required} />;
}

const Note = ({ children }: { readonly children: ComponentChildren }): JSX.Element => <p class="foot">{children}</p>;

/** Field by field; a refusal of one has its reason. */
function Reply({
  dataset: { fields, conditions },
  language,
  say,
}: {
  readonly dataset: AskedDataset;
  readonly language: Language;
  readonly say: Say;
}): JSX.Element {
  return (
    <div class="reply">
      <Note>
        {say(
          '逐个字段答复；不同意的须写明理由。材料不全的应当一次性告知补正，不得以此为由不同意。',
          'Each field is answered; a refusal has its reason. What is missing is asked for, and is no reason to refuse.',
        )}
      </Note>
      {conditions === undefined ? null : (
        <Note>
          {say(
            `只能附目录载明的条件：${conditions.use.zh}`,
            `Conditions are those of the catalogue: ${conditions.use.en}`,
          )}
        </Note>
      )}
      <ul class="reply-fields">
        {fields.map(({ path, title, reason, answer }) => (
          <li key={path}>
            <PicksField
              name={`decide.${path}`}
              type="radio"
              label={
                <>
                  <b>{title[language]}</b> <span class="soft">{reason}</span>
                </>
              }
              value={[answer?.yes === false ? 'refuse' : 'agree']}
              options={[
                { value: 'agree', title: say('同意', 'yes') },
                { value: 'refuse', title: say('不同意', 'no') },
              ]}
            />
            <TextField
              name={`because.${path}`}
              label={say(`不同意提供${title.zh}的理由`, `Why ${title.en} is refused`)}
              value={answer?.reason ?? ''}
              maxLength={300}
              autocomplete="off"
            />
          </li>
        ))}
      </ul>
      <AreaField
        name="note"
        label={say('给申请单位的说明（选填）', 'To whoever asks (optional)')}
        rows={2}
        maxLength={2000}
      />
    </div>
  );
}

/** All at once: what is lacking of which part. */
function Missing({
  dataset: { fields },
  language,
  say,
}: {
  readonly dataset: AskedDataset;
  readonly language: Language;
  readonly say: Say;
}): JSX.Element {
  return (
    <>
      <Note>{say('只能告知一次，请列全。', 'It is told once: name all that is lacking.')}</Note>
      <PicksField
        name="missing"
        class="many"
        label={say('需要补充说明的字段', 'Fields that lack something')}
        options={fields.map(({ path, title }) => ({ value: path, title: title[language] }))}
      />
    </>
  );
}
