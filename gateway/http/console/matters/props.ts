/** What the parts of a matter's page are given. */

import type { Merged } from '../../../../contracts/bundle/merge.js';
import type { Answers } from '../../../../contracts/bundle/types.js';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { Say } from '../../ui/say.js';
import type { GivenAnswers } from './answers.js';

export interface MatterProps {
  readonly language: Language;
  readonly merged: Merged;
  readonly obstacles: Merged['obstacles'];
  /** Nobody has answered: what is shown is the common case. */
  readonly isCommon: boolean;
  /** Of elements, by id. */
  readonly groups: ReadonlyMap<string, Localised>;
  readonly answers: Answers;
  /** As the address has them. */
  readonly given: GivenAnswers;
  /** Questions of which the answer could not be taken. */
  readonly faults: ReadonlySet<string>;
  /** Where somebody begins with it, who then signs in. */
  readonly begin: string;
  /** Of an authority, what people call it. */
  readonly nameOf: (authority: string) => string;
}

export type Part = MatterProps & { readonly say: Say };
