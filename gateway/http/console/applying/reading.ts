/** What a form sends, made into values; whether they are taken is for the engine to say. */
import type { Element, Elements, Json, JsonSchema } from '../../../../contracts/bundle/types.js';
import { halfwidth } from '../../../../contracts/halfwidth.js';
import type { Localised } from '../../../../contracts/types.js';

export type Sent = Readonly<Record<string, string | readonly string[] | undefined>>;

const VALUE = 'v-';
export const fieldName = (element: string): string => `${VALUE}${element}`;

const textsOf = (sent: string | readonly string[] | undefined): readonly string[] =>
  typeof sent === 'string' ? [sent] : (sent ?? []);

/** One value; undefined for a blank. What cannot be read stays text, which the form does not take. */
function single({ type }: Element, text: string): Json | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (type) {
    case 'yes-no':
      return trimmed === 'yes' ? true : trimmed === 'no' ? false : trimmed;
    case 'integer': {
      const plain = halfwidth(trimmed).replaceAll(',', '');
      return /^-?\d{1,15}$/.test(plain) ? Number(plain) : trimmed;
    }
    case 'decimal':
      return halfwidth(trimmed).replaceAll(',', '');
    case 'key':
      return halfwidth(trimmed).replaceAll(' ', '').toUpperCase();
    default:
      return trimmed;
  }
}

function valueOf(element: Element, sent: string | readonly string[] | undefined): Json | undefined {
  const texts = textsOf(sent);
  if (!element.many) return single(element, texts.find((text) => text.trim() !== '') ?? '');
  const each = texts.flatMap((text) => text.split(/\r?\n/)).map((line) => single(element, line));
  const values = each.filter((one): one is Json => one !== undefined);
  return values.length === 0 ? undefined : values;
}

/** Values as they are after the form: what it names is set, or taken away where it is blank. */
export function valuesIn(
  sent: Sent,
  { elements }: Elements,
  before: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const values: Record<string, Json> = { ...before };
  for (const [name, given] of Object.entries(sent)) {
    const element = name.startsWith(VALUE) ? elements.get(name.slice(VALUE.length)) : undefined;
    if (element === undefined) continue;
    const value = valueOf(element, given);
    if (value === undefined) delete values[element.id];
    else values[element.id] = value;
  }
  return values;
}

/** As a field of the form has it. */
export const asText = (value: Json | undefined): string =>
  value === undefined || value === null
    ? ''
    : Array.isArray(value)
      ? value.map(String).join('\n')
      : value === true
        ? 'yes'
        : value === false
          ? 'no'
          : String(value);

/** What is asked of a value that the form did not take. */
export function wrongWords({ title, type, many, examples: [example] }: Element, schema: JsonSchema): Localised {
  const each = (many ? (schema['items'] as JsonSchema | undefined) : schema) ?? {};
  const { minimum, maximum, maxLength, pattern, allOf } = each as Readonly<Record<string, Json | undefined>>;
  const shown = Array.isArray(example) ? example.join('、') : String(example ?? '');
  const like: Localised = { zh: `，例如：${shown}`, en: `, for example: ${shown}` };
  const of = (zh: string, en: string): Localised => ({ zh: `“${title.zh}”${zh}`, en: `${title.en}: ${en}` });
  if (type === 'integer') {
    const range =
      minimum !== undefined && maximum !== undefined
        ? { zh: `${String(minimum)}至${String(maximum)}之间的`, en: ` from ${String(minimum)} to ${String(maximum)}` }
        : { zh: '', en: '' };
    return of(`请填写${range.zh}整数`, `write a whole number${range.en}`);
  }
  if (type === 'decimal') return of(`请填写数字${like.zh}`, `write a number${like.en}`);
  if (type === 'date') return of('请填写有效日期', 'write a day');
  if (type === 'code' || type === 'yes-no') return of('请重新选择', 'choose again');
  if (pattern !== undefined || allOf !== undefined) return of(`格式不正确${like.zh}`, `write it otherwise${like.en}`);
  if (type === 'key') return of('请核对号码', 'look the number over');
  return of(`不超过${String(maxLength ?? '')}个字`, `at most ${String(maxLength ?? '')} characters`);
}

export const missingWords = ({ title, type }: Element): Localised =>
  type === 'code' || type === 'yes-no'
    ? { zh: `请选择“${title.zh}”`, en: `Choose: ${title.en}` }
    : { zh: `请填写“${title.zh}”`, en: `Fill in: ${title.en}` };
