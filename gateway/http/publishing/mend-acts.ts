/**
 * What is done about mends, the same from a page, over HTTP and on the command line: each step is checked, put on
 * record, and taken, in this order. A name stands under its own key, and no content of a row is on record.
 */
import type { QuarantineCause } from '../../../connectors/quarantine-causes.js';
import { errorTable, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Contract } from '../../../contracts/types.js';
import type { Draft, DraftContent, MendAct, Officer } from './mend-drafts.js';
import type { MendAsked, MendDesk } from './mends.js';
import type { QuarantineDesk } from './quarantine.js';

/** Ms for the rows and the source that a draft is tried on. */
export const TRYING = 120_000;
const ROW = /^[0-9a-f]{16}$/;
const MOST_FIELD = 400;

/** Who acts, and how that goes on record. */
export interface MendActor {
  readonly officer: Officer;
  /** @throws YitongError `audit_unavailable`; then nothing happens */
  did(
    action: 'mend_proposed' | 'mend_approved' | 'mend_withdrawn' | 'mend_written',
    contract: Contract,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<unknown>;
}

/** @throws YitongError `bad_request` */
export function causeAsked({
  code = '',
  field = '',
}: {
  readonly code?: string;
  readonly field?: string;
}): QuarantineCause {
  if (!Object.hasOwn(errorTable, code) || field.length > MOST_FIELD)
    throw new YitongError('bad_request', '`code` is a code of docs/errors.md, `field` a field of the contract');
  return { code, field };
}

/** What is on record of a draft: counts and digests, no word of it. */
const detailOf = ({
  cause,
  parts,
  before,
  after,
  held,
  source,
  undoes,
}: DraftContent): Readonly<Record<string, unknown>> => ({
  cause: cause.code,
  field: cause.field,
  parts: parts.map(({ kind }) => kind),
  before: before.digest,
  after: after.digest,
  good: held.good,
  ...(typeof source === 'string'
    ? {}
    : { looked: source.looked, changed: source.changed, comesIn: source.comesIn, goesOut: source.goesOut }),
  ...present({ undoes }),
});
const digestsOf = ({ before, after }: Draft): Readonly<Record<string, unknown>> => ({
  before: before.digest,
  after: after.digest,
});

interface MendActs {
  /** A draft of what is proposed. @throws YitongError `bad_request`, `state_conflict` */
  propose(contract: Contract, asked: MendAsked, by: MendActor, signal: AbortSignal): Promise<Draft>;
  /**
   * One step of a draft. @returns the draft, of `undo` the new one
   * @throws YitongError `not_found`, `state_conflict`, `second_person_needed`, `state_unavailable`
   */
  act(contract: Contract, id: string, act: MendAct, by: MendActor, signal: AbortSignal): Promise<Draft>;
}

export function mendActs(mends: MendDesk, quarantines: Pick<QuarantineDesk, 'ask'>): MendActs {
  async function keep(contract: Contract, content: DraftContent, by: MendActor): Promise<Draft> {
    await by.did('mend_proposed', contract, detailOf(content));
    return (await mends.drafts()).add(content, by.officer);
  }

  /** Then its feed is to run, sooner than it is due. */
  async function inPlace(contract: Contract, draft: Draft): Promise<void> {
    await mends.write(contract, draft);
    await quarantines.ask(contract);
  }

  async function approve(contract: Contract, id: string, by: MendActor): Promise<Draft> {
    const { draft, standing } = await mends.find(contract, id);
    const drafts = await mends.drafts();
    await drafts.refuseSame(draft, by.officer);
    if (standing !== 'open')
      throw new YitongError('state_conflict', 'the draft cannot be approved any more; look at it again');
    const way = (await mends.elsewhere(contract)) === undefined ? 'written' : 'handed';
    await by.did('mend_approved', contract, { draft: draft.id, ...digestsOf(draft), way });
    const approved = await drafts.approve(draft, by.officer);
    if (way === 'written') await inPlace(contract, approved);
    return approved;
  }

  async function write(contract: Contract, id: string, by: MendActor): Promise<Draft> {
    const { draft, standing } = await mends.find(contract, id);
    if (standing !== 'waiting' || (await mends.elsewhere(contract)) !== undefined)
      throw new YitongError('state_conflict', 'there is nothing to be put in place here; look at it again');
    await by.did('mend_written', contract, { draft: draft.id, ...digestsOf(draft) });
    await inPlace(contract, draft);
    return draft;
  }

  async function refuse(contract: Contract, id: string, by: MendActor): Promise<Draft> {
    const { draft, standing } = await mends.find(contract, id);
    if (standing !== 'open' && standing !== 'outdated')
      throw new YitongError('state_conflict', 'the draft was decided on already; look at it again');
    await by.did('mend_withdrawn', contract, { draft: draft.id });
    return (await mends.drafts()).withdraw(draft, by.officer);
  }

  async function undo(contract: Contract, id: string, by: MendActor, signal: AbortSignal): Promise<Draft> {
    const { draft } = await mends.find(contract, id);
    return keep(contract, await mends.undoing(contract, draft, signal), by);
  }

  return {
    async propose(contract, asked, by, signal) {
      if (asked.row !== undefined && !ROW.test(asked.row))
        throw new YitongError('bad_request', '`row` is the id of a row');
      return keep(contract, await mends.content(contract, { ...asked, cause: causeAsked(asked.cause) }, signal), by);
    },
    async act(contract, id, act, by, signal) {
      switch (act) {
        case 'approve':
          return approve(contract, id, by);
        case 'refuse':
          return refuse(contract, id, by);
        case 'write':
          return write(contract, id, by);
        case 'undo':
          return undo(contract, id, by, signal);
      }
    },
  };
}
