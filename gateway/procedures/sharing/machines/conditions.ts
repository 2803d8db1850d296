/** What acts of the other matters wait for, beside their state (政务数据共享条例). */

import { dayOf } from '../../../../contracts/calendar.js';
import { YitongError } from '../../../../contracts/errors.js';
import { WHOLE } from '../../../../contracts/lifecycle/matter.js';
import type { GuardName } from '../../../../contracts/lifecycle/program-names.js';
import { misplaced, sidesOf } from '../sides.js';
import type { MatterRules, StepAround } from '../types.js';
import { type ConcernNeeds, type GrantOf, living, type OfEntry } from './concern.js';

const refused = (why: string): never => {
  throw new YitongError('act_refused', why);
};
/** States in which a requester was heard. */
const HEARD: ReadonlySet<string> = new Set(['agreed', 'objected', 'filed', 'effective']);

const placed =
  (guard: GuardName) =>
  ({ head }: Pick<StepAround, 'head'>): void => {
    const why = misplaced([guard], sidesOf(head, WHOLE));
    if (why !== undefined) refused(why);
  };

/** Those that look at nothing but the matter. */
export const ownConditions: Pick<
  MatterRules['guards'],
  'resumable' | 'all-heard' | 'same-level' | 'across-levels' | 'lead-is-part'
> = {
  // who has suspended lifts it: the provider not what the authority has suspended
  resumable: ({ event, before }) => {
    if (event.party === 'provider' && (before?.parts[WHOLE]?.done['suspend'] ?? 0) > 0)
      refused('the sharing authority has suspended it, and it alone lets it go on or end');
  },
  'all-heard': ({ before }) => {
    const open = Object.entries(before?.parts ?? {}).filter(([, { state }]) => !HEARD.has(state));
    if (open.length > 0) refused(`not every requester was heard: ${open.map(([name]) => name).join(', ')}`);
  },
  'same-level': placed('same-level'),
  'across-levels': placed('across-levels'),
  'lead-is-part': ({ event, after }) => {
    if (!Object.hasOwn(after.parts, event.fields['lead'] ?? ''))
      refused('the source is one of the departments that collect it');
  },
};

export const conditions = (needs: ConcernNeeds): MatterRules['guards'] => ({
  ...ownConditions,
  // a provider does not end a service by calling for disposal (Art.27(3))
  'grant-over': ({ contents, now }) => {
    const { id } = contents['of-grant'] as unknown as GrantOf;
    const grant = needs.policies().grants.get(id as never);
    if (grant !== undefined && grant.until >= dayOf(now))
      refused('the grant is in force: the requester tells that its purpose is over, or the change of service is filed');
  },
  'no-grants': ({ contents, now }) => {
    const { dataset } = contents['of-entry'] as unknown as OfEntry;
    if (living(needs, dataset, now).length > 0)
      refused('departments are given the dataset: the change of service is negotiated and filed first (Art.27(3))');
  },
});
