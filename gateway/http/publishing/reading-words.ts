/** How a run ended, in words: on pages and in a shell. */
import type { EndedRun } from '../../../connectors/run/asked.js';
import { errorWordsOf } from '../../../contracts/error-words.js';
import type { Language } from '../../ground/language/language.js';
import { localMinute } from '../../ground/language/time.js';

const numeral = (n: number): string => n.toLocaleString('en');

export function endedWords(
  { state, code, ended, rows, published, unchanged, quarantined, withdrawn }: Omit<EndedRun, 'began' | 'skipped'>,
  language: Language,
): string {
  const zh = language === 'zh';
  const at = localMinute(ended);
  switch (state) {
    case 'failed':
      return zh
        ? `最近一次读取（${at}）失败：${errorWordsOf(code).zh}`
        : `It could not be read at ${at}: ${errorWordsOf(code).en}`;
    case 'nothing-new':
      return zh ? `最近一次读取（${at}）：来源没有变化` : `Last read at ${at}: the source is as it was before`;
    case 'refused':
      return zh
        ? `最近一次读取（${at}）：共 ${numeral(rows)} 行，来源减少过多，未撤回任何记录`
        : `Last read at ${at}: ${numeral(rows)} rows; so much has left the source that nothing was withdrawn`;
    case 'complete':
      return zh
        ? `最近一次读取（${at}）：共 ${numeral(rows)} 行，发布 ${numeral(published)} 行，没有变化 ` +
            `${numeral(unchanged)} 行，未通过校验 ${numeral(quarantined)} 行，撤回 ${numeral(withdrawn)} 条`
        : `Last read at ${at}: ${numeral(rows)} rows, ${numeral(published)} published, ${numeral(unchanged)} as ` +
            `before, ${numeral(quarantined)} held back, ${numeral(withdrawn)} withdrawn`;
  }
}
