/**
 * Standing consents: the head of a provider's sharing office has agreed once for all that an unconditional dataset is
 * shared with whoever applies (政务数据共享条例 Art.20(3), 21(1), 23). Only one that is recorded here lets the platform
 * answer by itself. It is recorded and withdrawn by that head alone.
 */
import { YitongError } from '../../../contracts/errors.js';
import { authorityOf, type DatasetId } from '../../../contracts/ids.js';
import type { Workspace } from '../../../contracts/types.js';
import type { State } from '../../ground/state/port.js';
import { authorityOfActor, rolesOf } from './sides.js';
import type { MatterAct, MatterActor } from './types.js';

const STANDING = 'sharing-standing-consent';

interface StandingConsent {
  readonly dataset: string;
  /** ISO 8601 UTC */
  readonly at: string;
  readonly reason: string;
  /** Receipt of the entry that names the head. */
  readonly entry: string;
}

export async function standingConsentOf(
  state: Pick<State, 'document'>,
  dataset: string,
): Promise<StandingConsent | undefined> {
  return (await state.document(STANDING, dataset))?.body as unknown as StandingConsent | undefined;
}

export async function standingConsents(state: Pick<State, 'documents'>): Promise<readonly StandingConsent[]> {
  const found: StandingConsent[] = [];
  for (let after: string | undefined; ; ) {
    const page = await state.documents(STANDING, { limit: 1000, ...(after === undefined ? {} : { after }) });
    found.push(...page.documents.map(({ body }) => body as unknown as StandingConsent));
    if (page.next === undefined) return found;
    after = page.next;
  }
}

interface Consenting {
  readonly workspace: Pick<Workspace, 'contracts'>;
  readonly state: State;
  readonly actor: MatterActor;
  readonly record: MatterAct['record'];
  readonly now: () => number;
}

/**
 * Records or withdraws one.
 * @throws YitongError `act_refused` for whoever is not the head of the provider's sharing office, and for a dataset
 * that is not shared without conditions
 */
export async function setStandingConsent(
  { workspace, state, actor, record, now }: Consenting,
  dataset: string,
  { stands, reason }: { readonly stands: boolean; readonly reason: string },
): Promise<void> {
  const contract = workspace.contracts.get(dataset as DatasetId);
  if (contract?.sharing.attribute !== 'unconditional')
    throw new YitongError('act_refused', 'a standing consent is of a dataset that is shared without conditions');
  if (!rolesOf(actor).includes('sharing-head') || authorityOfActor(actor) !== authorityOf(contract.id))
    throw new YitongError('act_refused', "a standing consent is the provider's: of the head of its sharing office");
  if (reason.trim().length < 4) throw new YitongError('act_incomplete', '`reason` needs 4 characters at least');
  const { id: entry } = await record({
    action: 'sharing_act',
    role: 'sharing-head',
    target: dataset,
    detail: { machine: 'standing-consent', act: stands ? 'consent' : 'withdraw', party: 'provider-head' },
    about: { fields: { reason } },
  });
  await state.commit([
    stands
      ? {
          do: 'put',
          kind: STANDING,
          id: dataset,
          body: { dataset, at: new Date(now()).toISOString(), reason, entry },
        }
      : { do: 'remove', kind: STANDING, id: dataset },
  ]);
}
