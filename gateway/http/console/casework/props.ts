/** What the parts of a case's page are given. */

import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Workspace } from '../../../../contracts/types.js';
import type { Role } from '../../../ground/identity/person.js';
import type { Language } from '../../../ground/language/language.js';
import type { Possible } from '../../../procedures/cases/machine.js';
import type { MaterialLine } from '../../../procedures/cases/papers.js';
import type { Cases, OpenedCase } from '../../../procedures/cases/types.js';
import type { Say } from '../../ui/say.js';

export interface CaseProps {
  readonly language: Language;
  readonly opened: OpenedCase;
  /** Undefined where the workspace has it no more. */
  readonly bundle: Bundle | undefined;
  readonly elements: Cases['content']['elements']['elements'];
  readonly workspace: Pick<Workspace, 'codelists' | 'contracts'>;
  /** The officer's own. */
  readonly authority: string;
  readonly roles: readonly Role[];
  /** Of the officer's own items. */
  readonly materials: readonly MaterialLine[];
  /** Of an authority, of another region where one is named, what people call it. */
  readonly nameOf: (authority: string, region?: string) => string;
  /** What a region is called. */
  readonly regionName: (region: string) => string;
  /** Where both sides of a video question are shown, in the development environment. */
  readonly videoPath: string | undefined;
  /** Drawn for this page: an act that is sent twice is done once. */
  readonly key: string;
}

export type Part = CaseProps & { readonly say: Say };
export type ItemPart = Part & { readonly item: string };

/** Of an item or a task: what the officer may do with it now. */
export const actsOn = (
  acts: readonly Possible[],
  { item, task }: { readonly item?: string; readonly task?: string },
): readonly Possible[] =>
  acts.filter((one) => (item !== undefined && one.item === item) || (task !== undefined && one.task === task));
