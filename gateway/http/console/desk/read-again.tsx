/**
 * What was corrected at the source is read by the next run of its feed: now, instead of when it is due. Beside it how
 * the source is read, and how the newest run ended.
 */
import type { JSX } from 'preact';
import type { Reading } from '../../../../connectors/run/asked.js';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { secondsOf } from '../../publishing/reading-acts.js';
import { endedWords } from '../../publishing/reading-words.js';
import { Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';

interface ReadAgainProps {
  readonly dataset: string;
  readonly language: Language;
  /** Undefined where no source is read. */
  readonly reading: Reading | undefined;
}

const numeral = (n: number): string => n.toLocaleString('en');

/** For pages that wait for something to change. */
export const readingState = ({ asked, running, last }: Reading): string =>
  running !== undefined ? 'running' : asked !== undefined ? 'asked' : `ended ${last?.ended ?? ''}`;

/** While one waits or a pause is left there is nothing to press. */
export function ReadAgain({ dataset, language, reading }: ReadAgainProps): JSX.Element | null {
  if (reading === undefined) return null;
  const say = sayIn(language);
  if (reading.asked !== undefined) return null;
  if (reading.wait > 0)
    return (
      <p class="foot">
        {say(
          `刚刚已有人要求读取，${numeral(secondsOf(reading.wait))} 秒后可以再次要求。`,
          `Somebody had it read a moment ago; it may be asked for again in ${numeral(secondsOf(reading.wait))} s.`,
        )}
      </p>
    );
  return (
    <Form class="read-again" name="read" action={`/console/feeds/${dataset}/read`}>
      <button class="quiet" type="submit">
        {say('已在来源更正，立即重新读取', 'Corrected at the source: read it again now')}
      </button>
    </Form>
  );
}

/** How the source is read just now, and how it was; a page that shows a change to come looks for it by itself. */
export function Readings({ dataset, language, reading }: ReadAgainProps): JSX.Element | null {
  if (reading === undefined) return null;
  const say = sayIn(language);
  const { asked, running, last } = reading;
  const changes = asked !== undefined || running !== undefined;
  return (
    <div
      class="readings"
      data-follow={changes ? `/console/feeds/${dataset}/state` : undefined}
      data-state={changes ? readingState(reading) : undefined}
    >
      {running === undefined ? null : (
        <p class="notice" role="status">
          {say(
            `${localMinute(running.began)} 起正在读取，已读 ${numeral(running.rows)} 行。`,
            `It is being read since ${localMinute(running.began)}, ${numeral(running.rows)} rows so far.`,
          )}
        </p>
      )}
      {asked === undefined ? null : (
        <p class="notice" role="status">
          {running === undefined
            ? say('已要求立即读取，几秒内开始。', 'A run was asked for; it begins within seconds.')
            : say('已要求立即读取，本次读完后随即开始。', 'Another run was asked for; it begins when this one ends.')}
        </p>
      )}
      {last === undefined ? null : (
        <p class="foot">
          {endedWords(last, language)}
          {say('。', '.')}
        </p>
      )}
    </div>
  );
}
