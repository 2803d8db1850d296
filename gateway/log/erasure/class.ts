/** Which class of retention an entry of the log belongs to. */
import type { KeepClass } from '../../ground/config/terms.js';
import { EVENT_TYPES, type EventType } from '../entries/events.js';

const CLASS_OF: Readonly<Partial<Record<EventType, KeepClass>>> = {
  released: 'releases',
  included: 'releases',
  issued: 'releases',
  looked: 'use',
  verified: 'use',
};

/** `audit verify` reads them to know why others are gone, or where a log was restored. They name nobody. */
const KEPT_ACTIONS: ReadonlySet<string> = new Set(['erasure', 'expiry', 'restored', 'taken_over']);

/**
 * The class of an entry by its clear part; undefined where its body is kept for good. What is of no known type is kept
 * too.
 */
export function classOf({ type, action }: { readonly type?: string; readonly action?: string }): KeepClass | undefined {
  const known = EVENT_TYPES.find((one) => one === type);
  if (known === undefined || known === 'journal_gap' || (known === 'administration' && KEPT_ACTIONS.has(action ?? '')))
    return undefined;
  return CLASS_OF[known] ?? 'rest';
}
