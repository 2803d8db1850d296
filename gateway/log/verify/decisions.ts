/** The decisions that an entry has on record, as replay takes them; and what of the log replay cannot take. */
import { present } from '../../../contracts/present.js';
import type { Delivery } from '../../../contracts/types.js';
import { isReasonCode, type LoggedDecision, type Replay, type ReplayResult } from '../../../policies/replay.js';
import type { LogBody } from '../entries/body.js';
import { UNKNOWN } from '../entries/events.js';
import type { SearchIndex } from '../search/index.js';

interface Skipped {
  /** Written before the log held what was asked. */
  notRecorded: number;
  /** Purposes, datasets or fields that the workspace did not have: they stand under the subject's key only. */
  unknownNames: number;
  /** Refused whatever the policies said. */
  refusedOtherwise: number;
}

const DELIVERIES: ReadonlySet<string> = new Set<Delivery>(['query', 'verify', 'batch', 'file', 'subscription']);
const isDelivery = (text: string): text is Delivery => DELIVERIES.has(text);

/** One for each dataset of a `released` entry; what cannot be decided again is counted in `skipped`. */
export function decisionsOf(entry: number, body: LogBody, skipped: Skipped): LoggedDecision[] {
  const { type, time, client, authority, purpose, stated, batch, delivery = 'query', datasets = [] } = body;
  if (type !== 'released') return [];
  const at = Date.parse(time ?? '');
  if (
    client === undefined ||
    authority === undefined ||
    purpose === undefined ||
    stated === undefined ||
    !isDelivery(delivery) ||
    Number.isNaN(at)
  ) {
    skipped.notRecorded += datasets.length;
    return [];
  }
  const decisions: LoggedDecision[] = [];
  for (const { dataset, asked, grant, effect, reason, fields = [], forms = {}, rows } of datasets) {
    if (dataset === undefined || (effect !== 'allow' && effect !== 'deny')) skipped.notRecorded++;
    else if (purpose === UNKNOWN || dataset === UNKNOWN || asked?.includes(UNKNOWN) === true) skipped.unknownNames++;
    else if (effect === 'deny' && reason !== undefined && !isReasonCode(reason)) skipped.refusedOtherwise++;
    else {
      decisions.push({
        entry,
        time: at,
        client,
        authority,
        purpose,
        delivery,
        stated,
        dataset,
        ...present({ batch, asked }),
        outcome: {
          effect,
          ...present({ grant, reason }),
          fields,
          forms,
          ...present({ rows }),
        },
      });
    }
  }
  return decisions;
}

/** Entries between two turns of the event loop. */
const TURN = 100;

export interface LogReplay extends ReplayResult {
  readonly skipped: Skipped;
}

/**
 * Replays what was decided in [since, until), ms since 1970.
 * @param progress called now and then with how many entries have been read
 */
export async function replayLog(
  search: SearchIndex,
  replay: Replay,
  period: { readonly since?: number; readonly until?: number },
  progress: (entries: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<LogReplay> {
  const skipped: Skipped = { notRecorded: 0, unknownNames: 0, refusedOtherwise: 0 };
  let read = 0;
  for await (const { index, body } of search.entries({ type: 'released', ...period }, { oldestFirst: true })) {
    signal?.throwIfAborted();
    for (const decision of decisionsOf(index, body, skipped)) replay.add(decision);
    if (++read % 5000 === 0) progress(read);
    // a signal, or the end of whoever asked, is heard in between
    if (read % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { ...replay.result(), skipped };
}
