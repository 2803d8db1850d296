/** What a part of a mend changes, on a page: signs of the source stand as they are. */
import type { JSX } from 'preact';
import type { Codelist } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { DraftPart } from '../../publishing/mend-drafts.js';
import { mendWords } from '../../publishing/mend-words.js';

interface WordsProps {
  readonly part: DraftPart;
  readonly language: Language;
  /** Of the field. */
  readonly codelist: Codelist | undefined;
}

export const PartWords = ({ part, language, codelist }: WordsProps): JSX.Element => (
  <>
    {mendWords(part, language, codelist).map((word) =>
      typeof word === 'string' ? word : <b class="own">{word.own}</b>,
    )}
  </>
);
