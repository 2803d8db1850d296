/** The proposed mend of one cause: its rule in words, cells before and after, how many rows it would make good. */
import type { JSX } from 'preact';
import type { Mend } from '../../../../connectors/propose/mend.js';
import type { QuarantineCause } from '../../../../connectors/quarantine-causes.js';
import type { Codelist } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { Form, TickField } from '../../ui/form.js';
import { PartWords } from './mend-words.js';

interface MendProps {
  readonly language: Language;
  readonly dataset: string;
  readonly cause: QuarantineCause;
  /** Rows of the cause in all. */
  readonly rows: number;
  /** Undefined where the feed has no mapping. */
  readonly mend: Mend | undefined;
  readonly codelist: Codelist | undefined;
}

export const causeFields = ({ code, field }: QuarantineCause): Readonly<Record<string, string>> => ({
  code,
  ...(field === '' ? {} : { field }),
});

export function ProposedMend(props: MendProps): JSX.Element {
  const { language, dataset, cause, rows, mend, codelist } = props;
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const good = mend?.parts.reduce((sum, one) => sum + one.good, 0) ?? 0;
  const all = rows.toLocaleString('en');
  const looked =
    mend !== undefined && mend.looked < rows ? `抽取的 ${String(mend.looked)} 行（共 ${all} 行）` : `全部 ${all} 行`;
  const otherwise = mend?.parts.reduce((sum, one) => sum + one.otherwise, 0) ?? 0;
  return (
    <section class="card pad mend" aria-labelledby="mend">
      <h2 id="mend">{say('建议的修正', 'Proposed mend')}</h2>
      {mend === undefined || mend.parts.length === 0 ? (
        <p>
          {say(
            '没有把握确定的修正，因此不提建议：内容含义要靠猜测的，一律不改。请交来源单位更正后重新读取。',
            'Nothing can be proposed without guessing what was meant, so nothing is. Have it corrected at the ' +
              'source, and read it again.',
          )}
        </p>
      ) : (
        <Form name="mend" action={`/console/feeds/${dataset}/mends`} hidden={causeFields(cause)}>
          <ul class="parts">
            {mend.parts.map((part) => (
              <li>
                <TickField
                  name="part"
                  value={part.key}
                  checked
                  label={
                    <>
                      <PartWords part={part} language={language} codelist={codelist} />{' '}
                      <span class="soft">{say(`（${String(part.good)} 行）`, `(${String(part.good)} rows)`)}</span>
                    </>
                  }
                />
                {part.samples.length === 0 || part.kind === 'words' ? null : (
                  <ul class="samples">
                    {part.samples.map(({ before, after }) => (
                      <li>
                        <mark class="own">{before}</mark> →{' '}
                        <ins class="own">{after === '' ? say('（没有填写）', '(no value)') : after}</ins>
                      </li>
                    ))}
                  </ul>
                )}
              </li>
            ))}
          </ul>
          <p>
            {say(
              `已对本原因${looked}试算：` +
                `${String(good)} 行将通过校验` +
                `${otherwise === 0 ? '' : `，${String(otherwise)} 行还有其他问题`}，${String(mend.left)} 行仍不能通过。` +
                (mend.looked < rows ? '生成草案时将对全部行试算。' : ''),
              `Tried on ${String(mend.looked)} of ${all} rows: ${String(good)} would be good` +
                `${otherwise === 0 ? '' : `, ${String(otherwise)} have something else wrong`}, ` +
                `${String(mend.left)} stay. ` +
                'The draft is tried on all of them.',
            )}
          </p>
          <button class="button" type="submit">
            {say('按所选生成修正草案', 'Make a draft of what is chosen')}
          </button>
          <p class="foot">
            {say(
              '草案须经另一名数据专员审批才会生效，在此之前映射不变。',
              'Nothing changes until another data officer approves the draft.',
            )}
          </p>
        </Form>
      )}
    </section>
  );
}
