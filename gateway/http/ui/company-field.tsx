/** A field for a company, by its key or its name; `names.js` offers those that fit while somebody types. */
import type { JSX } from 'preact';
import type { Localised } from '../../../contracts/localised.js';
import type { Language } from '../../ground/language/language.js';
import { TextField } from './form.js';

interface CompanyFieldProps {
  readonly language: Language;
  readonly name: string;
  readonly label: string;
  readonly value: string;
  /** Whether names are looked up here, by whoever is signed in. */
  readonly byName: boolean;
  readonly required?: boolean;
  /** What is wrong with it, where the page itself knows. */
  readonly fault?: Localised | undefined;
}

export function CompanyField({
  language,
  name,
  label,
  value,
  byName,
  required,
  fault,
}: CompanyFieldProps): JSX.Element {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const words = byName
    ? {
        'data-names': '',
        'data-list-label': say('名称相符的企业', 'Companies of such a name'),
        'data-none': say('没有名称相符的企业', 'No company of such a name'),
        'data-more': say('还有更多，请输入更完整的名称', 'There are more: say more of the name'),
      }
    : {};
  return (
    <TextField
      type="search"
      name={name}
      label={label}
      value={value}
      autocomplete="off"
      spellcheck={false}
      maxLength={200}
      required={required === true}
      fault={fault}
      data={words}
    />
  );
}
