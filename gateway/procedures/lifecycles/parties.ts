/** For which parties of a lifecycle somebody acts. */
import type { Lifecycle, Party } from '../../../contracts/lifecycle/types.js';
import type { Client } from '../../../policies/types.js';
import type { Person } from '../../ground/identity/person.js';

export type Actor =
  | { readonly kind: 'person'; readonly person: Person }
  | {
      readonly kind: 'client';
      readonly client: Client;
      /** For which subject it speaks now, where a lifecycle lets it; then it speaks for nobody else. */
      readonly subject?: string;
    };

/** Whom a ticket, or a record, is about. */
export interface Concern {
  /** Of the dataset. */
  readonly authority: string;
  /** Whether this is its subject. */
  readonly isSubject: (subject: string) => boolean;
}

const authorityOf = (party: Party, { authority }: Concern): string | undefined =>
  party.authority === 'record' ? authority : party.authority;

function actsFor(party: Party, actor: Actor, concern: Concern): boolean {
  const authority = authorityOf(party, concern);
  if (actor.kind === 'client') {
    const { client, subject } = actor;
    // a system speaks for its authority, never for a role alone; for a company only where the lifecycle names it
    if (subject === undefined) return authority !== undefined && client.authority === authority;
    return authority === undefined && party.through?.includes(client.id) === true && concern.isSubject(subject);
  }
  const { person } = actor;
  if (!person.roles.some((role) => role === party.role)) return false;
  if (authority !== undefined) return person.authority === authority;
  return party.role !== 'subject' || person.subjects.some(concern.isSubject);
}

/** In the order of the lifecycle. */
export const partiesOf = ({ about, parties }: Lifecycle, actor: Actor, concern: Concern): readonly string[] =>
  // what a company says of a system is for people, and not for that system
  about.uses === true && actor.kind === 'client'
    ? []
    : Object.keys(parties).filter((id) => actsFor(parties[id]!, actor, concern));
