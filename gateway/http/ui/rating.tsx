/** A rating (好差评): its five grades in words, and the form by which whoever applied gives one, once. */
import type { JSX } from 'preact';
import type { Localised } from '../../../contracts/localised.js';
import type { Language } from '../../ground/language/language.js';
import { AreaField, Form, PicksField } from './form.js';

type Grade = 1 | 2 | 3 | 4 | 5;
/** The best first. */
export const GRADES: readonly Grade[] = [5, 4, 3, 2, 1];
export const gradeNames: Readonly<Record<Grade, Localised>> = {
  5: { zh: '非常满意', en: 'very satisfied' },
  4: { zh: '满意', en: 'satisfied' },
  3: { zh: '基本满意', en: 'fairly satisfied' },
  2: { zh: '不满意', en: 'dissatisfied' },
  1: { zh: '非常不满意', en: 'very dissatisfied' },
};

/** As the form says it; undefined where it is none. */
export const gradeOf = (text: unknown): Grade | undefined => GRADES.find((grade) => String(grade) === text);

interface RatingFormProps {
  readonly language: Language;
  /** Where it is sent: `act` is `rate`, `grade` and `says` come with it. */
  readonly action: string;
  /** The caller's own: a rating that is sent twice is given once. */
  readonly hidden?: Readonly<Record<string, string>>;
}

export function RatingForm({ language, action, hidden = {} }: RatingFormProps): JSX.Element {
  const zh = language === 'zh';
  return (
    <Form name="rate" action={action} hidden={{ act: 'rate', ...hidden }} data-once>
      <PicksField
        name="grade"
        type="radio"
        required
        label={zh ? '您对本次办理是否满意' : 'How satisfied are you'}
        options={GRADES.map((grade) => ({ value: String(grade), title: gradeNames[grade][language] }))}
      />
      <AreaField
        name="says"
        label={
          zh ? '说明（选填，仅牵头部门可见）' : 'In your own words (optional; seen by the leading department alone)'
        }
        rows={3}
        maxLength={2000}
      />
      <p class="foot">
        {zh
          ? '每个办件评价一次。评价为不满意或者非常不满意的，牵头部门在一个工作日内核实并回复。'
          : 'A case is rated once. Where you are dissatisfied the leading department looks into it and answers ' +
            'within one working day.'}
      </p>
      <p>
        <button class="button" type="submit">
          {zh ? '提交评价' : 'Send'}
        </button>
      </p>
    </Form>
  );
}
