/**
 * What the sides of a matter write to one another beside its steps. A comment decides nothing; it is on record before
 * anybody reads it. A matter about a record has none: its words stand under its subject's key, where steps are.
 */

import { YitongError } from '../../../contracts/errors.js';
import { asJson } from '../../ground/state/as-json.js';
import type { State } from '../../ground/state/port.js';
import type { Receipt } from '../../log/entries/port.js';
import type { OpenedMatter } from './types.js';

export interface MatterComment {
  /** ms since 1970 */
  readonly at: number;
  /** The party as which somebody wrote it, and its authority. */
  readonly party: string;
  readonly authority: string;
  readonly text: string;
  /** Receipt of its entry in the log. */
  readonly entry: string;
}

export const MAX_COMMENT = 2000;
/** Of one matter. */
const MOST = 500;

const streamOf = (matter: string): string => `matter-comments/${matter}`;

export async function commentsOf(state: Pick<State, 'events'>, matter: string): Promise<readonly MatterComment[]> {
  return (await state.events(streamOf(matter), 0, MOST)).map(({ body }) => body as unknown as MatterComment);
}

/**
 * @param record puts it on record before it is stored
 * @throws YitongError `act_refused`, `act_incomplete`, `audit_unavailable`
 */
export async function addComment(
  state: Pick<State, 'events' | 'commit'>,
  { head, parties }: Pick<OpenedMatter, 'head' | 'parties'>,
  { text, authority, at }: { readonly text: string; readonly authority: string; readonly at: number },
  record: () => Promise<Receipt>,
): Promise<void> {
  const said = text.trim();
  if (head.subject !== undefined) throw new YitongError('act_refused', 'a matter about a record has no comments');
  if (said === '' || said.length > MAX_COMMENT)
    throw new YitongError('act_incomplete', `a comment has 1 to ${String(MAX_COMMENT)} characters`);
  if ((await commentsOf(state, head.id)).length >= MOST)
    throw new YitongError('act_refused', 'the matter has as many comments as one may have');
  const { id: entry } = await record();
  const comment: MatterComment = { at, party: parties[0] ?? '', authority, text: said, entry };
  await state.commit([{ do: 'append', stream: streamOf(head.id), events: [asJson(comment)] }]);
}
