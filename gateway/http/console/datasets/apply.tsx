/** The beginning of an application on the page of its dataset: for which use, of which system. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { ChoiceField, Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';

interface Named {
  readonly id: string;
  readonly name: Localised;
}

export interface ApplyProps {
  readonly dataset: string;
  /** Own systems that may ask. */
  readonly clients: readonly Named[];
  readonly purposes: readonly Named[];
  /** Where several datasets are chosen. */
  readonly more: string;
}

export function Apply({
  dataset,
  clients,
  purposes,
  more,
  language,
}: ApplyProps & { readonly language: Language }): JSX.Element {
  const say = sayIn(language);
  const [only, ...others] = clients;
  const options = (all: readonly Named[]) => all.map(({ id, name }) => ({ value: id, title: name[language] }));
  return (
    <Form
      class="filters apply-here"
      action="/console/applications"
      name="apply"
      hidden={{ dataset, ...(only === undefined || others.length > 0 ? {} : { client: only.id }) }}
    >
      {others.length === 0 ? null : (
        <ChoiceField name="client" label={say('使用系统', 'System')} value={only?.id} options={options(clients)} />
      )}
      <ChoiceField
        name="purpose"
        label={say('申请用于', 'To be used for')}
        required
        options={[{ value: '', title: say('请选择用途', 'choose a purpose') }, ...options(purposes)]}
      />
      <div class="row">
        <button class="button" type="submit">
          {say('申请共享', 'Apply for it')}
        </button>
        <a class="quiet" href={more}>
          {say('与其他数据集一并申请', 'Together with other datasets')}
        </a>
      </div>
    </Form>
  );
}
