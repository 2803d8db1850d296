/** What the pages of the conversation are given. */
import type { Answers } from '../../../../contracts/bundle/types.js';
import type { Call } from '../../../procedures/cases/calls.js';
import type { MaterialLine } from '../../../procedures/cases/papers.js';
import type { OpenedCase } from '../../../procedures/cases/types.js';
import type { Turn } from '../../../procedures/guide/talk.js';
import type { FillProps } from '../applying/fill.js';

export interface TalkProps extends FillProps {
  readonly found: OpenedCase;
  readonly answers: Answers;
  readonly turns: readonly Turn[];
  /** Who applies, in words. */
  readonly applicant: string;
  /** The department that leads, in words. */
  readonly lead: string;
  readonly objections: string | undefined;
  readonly materials: readonly MaterialLine[];
  readonly development: boolean;
  readonly isLarge: boolean;
  /** To a person of that department, where there was one. */
  readonly call: Call | undefined;
}
