/** What goes on record of a step, and by which names a record is found of which it tells. */
import { WHOLE } from '../../../contracts/lifecycle/matter.js';
import { present } from '../../../contracts/present.js';
import type { Json } from '../../ground/state/port.js';
import type { SealingKeys } from '../../log/entries/sealing-keys.js';
import { aboutRecord } from './record-of.js';
import { allSides, roleOf } from './sides.js';
import type { MatterAct, MatterDeed, StepAround } from './types.js';

/** The record that a content names, by a reference that tells of it to nobody; and its dataset. */
export function recordsIn(
  keys: Pick<SealingKeys, 'reference'>,
  subject: string,
  content: Json | undefined,
): readonly string[] {
  const { dataset, recordId } = (content ?? {}) as { readonly dataset?: Json; readonly recordId?: Json };
  if (typeof dataset !== 'string' || typeof recordId !== 'string') return [];
  return [aboutRecord(keys, { dataset, subject, recordId }), `dataset/${dataset}`];
}

export function deedOf(
  action: MatterDeed['action'],
  { actor, act, fields }: MatterAct,
  { head, lifecycle, event, before, after, parts }: StepAround,
  content: Json | undefined,
  subject: string | undefined,
): MatterDeed {
  const to = Object.fromEntries(parts.map((part) => [part === WHOLE ? '-' : part, after.parts[part]?.state ?? '']));
  const { clock, days, part, party, deputy } = event;
  return {
    action,
    role: roleOf(actor, lifecycle, party),
    target: head.id,
    detail: {
      machine: head.machine,
      act,
      party,
      to,
      event: before?.events ?? 0,
      sides: allSides(head).map(([side, authority]) => `${side}:${authority}`),
      ...present({ part, clock, days, deputy }),
      ...(actor.kind === 'client' && actor.officer !== undefined ? { officer: true } : {}),
    },
    ...present({ subject }),
    about: {
      fields,
      ...present({ content }),
      ...(actor.kind === 'client' && actor.officer !== undefined ? { officer: actor.officer.id } : {}),
    },
  };
}
