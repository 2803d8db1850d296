/** What was corrected at the source is read by the next run of its feed: now, instead of when it is due. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { Form } from '../../ui/form.js';

interface ReadAgainProps {
  readonly dataset: string;
  readonly language: Language;
  /** Of the feed: one that is pushed is not read. */
  readonly schedule?: string;
}

export function ReadAgain({ dataset, language, schedule }: ReadAgainProps): JSX.Element | null {
  if (schedule === 'push') return null;
  return (
    <Form class="acts" name="read" action={`/console/feeds/${dataset}/read`}>
      <button class="quiet" type="submit">
        {language === 'zh' ? '已在来源更正，立即重新读取' : 'Corrected at the source: read it again now'}
      </button>
    </Form>
  );
}
