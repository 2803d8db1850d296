/** The form by which entries leave as a file, of a search and of a review. */
import type { JSX } from 'preact';
import { MOST_ENTRIES } from '../../../documents/pdf/entries/model.js';
import type { Language } from '../../../ground/language/language.js';
import { ChoiceField, Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';

export function ExportForm({
  language,
  action,
  what,
  first = 'xlsx',
  hidden = {},
}: {
  readonly language: Language;
  readonly action: string;
  /** What the file has, in words. */
  readonly what: string;
  /** The format that stands there before somebody chooses. */
  readonly first?: 'xlsx' | 'pdf';
  readonly hidden?: Readonly<Record<string, string>>;
}): JSX.Element {
  const say = sayIn(language);
  const most = MOST_ENTRIES.toLocaleString('en');
  return (
    <Form class="row card pad" action={action} hidden={hidden}>
      <ChoiceField
        name="format"
        label={what}
        value={first}
        options={[
          { value: 'xlsx', title: say('Excel 表格', 'Excel workbook') },
          {
            value: 'pdf',
            title: say(
              `PDF 文件（封面、表格、存证说明，至多 ${most} 条）`,
              `PDF (cover, table, proof in words; up to ${most})`,
            ),
          },
          { value: 'csv', title: say('CSV 表格', 'CSV') },
          { value: 'ndjson', title: say('JSON 逐行文件', 'NDJSON') },
          { value: 'ocsf', title: say('安全运营平台格式', 'OCSF') },
        ]}
      />
      <button class="button low" type="submit">
        {say('导出', 'Export')}
      </button>
    </Form>
  );
}
