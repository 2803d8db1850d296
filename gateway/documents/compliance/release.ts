/**
 * The second form of a compliance code (合规一码通): the company releases an issued report, or chosen domains of it, to
 * whoever scans. It has said yes before there is a code, so nothing is confirmed; whoever comes first with the code
 * sees it, once.
 *
 *     released ──look──▶ looked
 *         └────withdraw───▶ withdrawn
 *     released ends by itself: expired
 */

import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson } from '../../../contracts/canonical.js';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { sameText } from '../../ground/identity/same-text.js';
import { type ComplianceStep, complianceBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import type { ReleasedReport } from '../reports/part.js';
import type { Scanner } from './machine.js';
import { countMiss, guessedTooOften, lookersOf } from './misses.js';
import type { Looker, ReleaseRecord, ReleaseState, Scope } from './records.js';
import type { CodeStore } from './store.js';

/** How long a release waits for its look, ms. */
export const RELEASE_TERM = 120_000;

export const releaseStateAt = ({ state, until }: Pick<ReleaseRecord, 'state' | 'until'>, now: number): ReleaseState =>
  state === 'released' && now >= until ? 'expired' : state;

const OVER: Readonly<Record<Exclude<ReleaseState, 'released'>, ErrorCode>> = {
  looked: 'code_used',
  withdrawn: 'code_withdrawn',
  expired: 'code_expired',
};

/** @returns the record behind a look or a withdrawal, or why it does not happen */
export function stepRelease(
  record: ReleaseRecord,
  to: 'looked' | 'withdrawn',
  now: number,
): { readonly record: ReleaseRecord } | { readonly code: ErrorCode } {
  const state = releaseStateAt(record, now);
  if (state !== 'released') return { code: OVER[state] };
  if (record.live === undefined) return { code: 'code_expired' };
  return { record: { ...record, state: to, until: now } };
}

export interface ReleaseView {
  readonly subject: string;
  readonly state: ReleaseState;
  /** ms since 1970, when the state ends by itself, or ended */
  readonly until: number;
  readonly scope: Scope;
  readonly looker?: Looker;
}

/** Who releases: for the record, and to know it again. */
export interface Releasing {
  readonly owner: string;
  /** As it stands in the log: `subject` for a person of the company, else the client. */
  readonly by: string;
  readonly subject: string;
  /** Of a person: only under the company's key. */
  readonly about?: object;
}

export interface Releases {
  /**
   * `code` is 256 random bits and stands nowhere here; `id` is its digest, by which the company follows it. On record
   * before there is a code.
   * @throws YitongError `audit_unavailable`
   */
  release(
    who: Releasing,
    scope: Scope,
    requestId: string,
  ): Promise<{ readonly code: string; readonly id: string; readonly until: number }>;
  /** @throws YitongError `code_unknown`, also for whoever did not release it */
  follow(id: string, owner: string): ReleaseView;
  /**
   * Until somebody has looked.
   * @throws YitongError `code_unknown`, `code_used`, `code_withdrawn`, `code_expired`, `audit_unavailable`
   */
  withdraw(id: string, who: Releasing, requestId: string): Promise<void>;
  /**
   * The one look, on record before it leaves.
   * @throws YitongError `code_unknown`, `code_used`, `code_withdrawn`, `code_expired`, `report_revoked`,
   * `rate_limited`, `audit_unavailable`
   */
  look(code: string, scanner: Scanner, source: string, requestId: string): Promise<ReleasedReport>;
}

export interface ReleasesOptions {
  readonly store: CodeStore;
  readonly journal: Pick<Journal, 'append'>;
  /** ms since 1970 */
  readonly now: () => number;
  /**
   * The released part as it may be shown; what was read for it is on record when this resolves. Undefined where the
   * report is not kept any more.
   * @throws YitongError `report_revoked`
   */
  readonly part: (scope: Scope, requestId: string) => Promise<ReleasedReport | undefined>;
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  code_unknown: 'there is no such code; let the company release the report anew',
  code_used: 'somebody has looked by this code; let the company release the report anew',
  code_withdrawn: 'the company has taken the release back',
  code_expired: 'the time for it is over; let the company release the report anew',
};
const failed = (code: ErrorCode): YitongError => new YitongError(code, MESSAGES[code] ?? 'the code cannot be used so');
const nameOf = ({ kind, key }: Scanner): string =>
  kind === 'client' ? key : kind === 'person' ? 'person' : 'public page';
const lookerOf = ({ key, ...scanner }: Scanner): Looker => ({
  ...scanner,
  ...(scanner.kind === 'client' ? { client: key } : {}),
});

export function openReleases({ store, journal, now, part }: ReleasesOptions): Releases {
  interface Entry {
    readonly step: ComplianceStep['step'];
    readonly id: string;
    readonly by: string;
    readonly requestId: string;
    readonly live: Pick<NonNullable<ReleaseRecord['live']>, 'subject' | 'scope'>;
    readonly authority?: string | undefined;
    readonly bodySha256?: string;
    /** Under the company's key. */
    readonly about?: object | undefined;
  }
  /** @throws YitongError `audit_unavailable` */
  async function record({
    step,
    id,
    by,
    requestId,
    live: { subject, scope },
    authority,
    bodySha256,
    about,
  }: Entry): Promise<void> {
    const { id: document, report, domains, from, to, whole } = scope;
    await journal.append({
      clear: complianceBody({
        time: new Date(now()).toISOString(),
        requestId,
        step,
        code: id,
        by,
        ...present({ authority }),
        report,
        domains,
        from,
        to,
        ...present({ bodySha256 }),
      }),
      subject: { subject, json: JSON.stringify({ report: document, whole, ...about }) },
    });
  }
  type Live = ReleaseRecord & { readonly live: NonNullable<ReleaseRecord['live']> };
  const isLive = (found: ReleaseRecord | undefined): found is Live => found?.live !== undefined;
  const owned = (found: ReleaseRecord | undefined, owner: string): Live => {
    if (!isLive(found) || !sameText(found.live.owner, owner)) throw failed('code_unknown');
    return found;
  };
  const advanced = (found: ReleaseRecord | undefined, to: 'looked' | 'withdrawn'): ReleaseRecord => {
    if (found === undefined) throw failed('code_unknown');
    const next = stepRelease(found, to, now());
    if ('code' in next) throw failed(next.code);
    return next.record;
  };

  return {
    async release({ owner, by, subject, about }, scope, requestId) {
      const code = randomBytes(32).toString('base64url');
      const id = digest(code);
      await record({ step: 'released', id, by, requestId, live: { subject, scope }, about });
      const made = now();
      const until = made + RELEASE_TERM;
      await store.transaction((maps) =>
        maps.putRelease(id, { state: 'released', madeAt: made, until, live: { owner, subject, scope } }),
      );
      return { code, id, until };
    },

    follow(id, owner) {
      const found = owned(TOKEN.test(id) ? store.release(id) : undefined, owner);
      const { subject, scope, looker } = found.live;
      return {
        subject,
        state: releaseStateAt(found, now()),
        until: found.until,
        scope,
        ...present({ looker }),
      };
    },

    async withdraw(id, { owner, by, about }, requestId) {
      const live = await store.transaction((maps) => {
        const found = owned(TOKEN.test(id) ? maps.release(id) : undefined, owner);
        maps.putRelease(id, advanced(found, 'withdrawn'));
        return found.live;
      });
      await record({ step: 'withdrawn', id, by, requestId, live, about });
    },

    async look(code, scanner, source, requestId) {
      const id = digest(code);
      const who = lookersOf(scanner, source);
      const found = await store.transaction((maps): ReleaseRecord | ErrorCode => {
        const at = now();
        if (guessedTooOften(maps, who, at)) return 'rate_limited';
        const known = TOKEN.test(code) ? maps.release(id) : undefined;
        if (known === undefined) countMiss(maps, who, at);
        return known ?? 'code_unknown';
      });
      if (found === 'rate_limited')
        throw new YitongError('rate_limited', 'too many codes that are none came from here; wait ten minutes');
      if (typeof found === 'string') throw failed(found);
      advanced(found, 'looked');
      if (!isLive(found)) throw failed('code_expired');
      const { live } = found;
      const shown = await part(live.scope, requestId);
      if (shown === undefined) throw failed('code_expired');
      const personal = scanner.kind === 'person' ? { looker: scanner.key, lookerName: scanner.name } : {};
      await record({
        step: 'looked',
        id,
        by: nameOf(scanner),
        requestId,
        live,
        authority: scanner.authority,
        bodySha256: digest(canonicalJson(shown)),
        about: personal,
      });
      // on record by now; of two who come at once both are, and one sees it. What was taken back meanwhile is seen by
      // nobody
      await store.transaction((maps) =>
        maps.putRelease(id, { ...advanced(maps.release(id), 'looked'), live: { ...live, looker: lookerOf(scanner) } }),
      );
      return shown;
    },
  };
}
