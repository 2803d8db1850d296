/** Whether a server answers, and what time it has. */

import { present } from '../../../contracts/present.js';
import { wholeAnswer } from '../../ground/sockets/whole-answer.js';

interface Reached {
  readonly status: number;
  readonly body: string;
  /** ms that its clock is ahead of ours; undefined where it told none. A second off for its rounding and the way. */
  readonly ahead?: number;
}

const LIMIT = 262_144;

/** @throws Error of the network in words, or after `ms` */
export async function reach(
  url: string,
  { ca, ms = 5000 }: { readonly ca?: string; readonly ms?: number } = {},
): Promise<Reached> {
  const options = { ...present({ ca }), agent: false as const };
  const answer = await wholeAnswer(new URL(url), options, undefined, {
    within: ms,
    maxBytes: LIMIT,
    tooLong: 'it answers more than was asked for',
  });
  const date = Date.parse(answer.headers.date ?? '');
  return {
    status: answer.status,
    body: answer.bytes.toString('utf8'),
    ...(Number.isNaN(date) ? {} : { ahead: date - Date.now() }),
  };
}
