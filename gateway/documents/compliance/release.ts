/**
 * The second form of a compliance code (合规一码通): the company releases an issued report, or chosen domains of it, to
 * whoever scans. It has said yes before there is a code, so nothing is confirmed; whoever comes first with the code
 * sees it, once.
 *
 *     released ──look──▶ looked
 *         └────withdraw───▶ withdrawn
 *     released ends by itself: expired
 */

import { canonicalJson } from '../../../contracts/canonical.js';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { sameText } from '../../ground/identity/same-text.js';
import { type ComplianceStep, complianceBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import type { ReleasedReport } from '../reports/released-part.js';
import type { Scanner } from './machine.js';
import { countMiss, guessedTooOften, lookersOf } from './misses.js';
import type { Looker, ReleaseRecord, ReleaseState, Scope } from './release-record.js';
import type { CodeStore } from './store.js';
import { digest, isToken, newToken } from './tokens.js';

/** How long a release waits for its look, ms. */
export const RELEASE_TERM = 120_000;

const releaseStateAt = ({ state, until }: Pick<ReleaseRecord, 'state' | 'until'>, now: number): ReleaseState =>
  state === 'released' && now >= until ? 'expired' : state;

const OVER: Readonly<Record<Exclude<ReleaseState, 'released'>, ErrorCode>> = {
  looked: 'code_used',
  withdrawn: 'code_withdrawn',
  expired: 'code_expired',
};

/** @returns the record behind a look or a withdrawal, or why it does not happen */
function stepRelease(
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
  follow(id: string, owner: string): Promise<ReleaseView>;
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

interface ReleasesOptions {
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

const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  code_unknown: 'there is no such code; let the company release the report anew',
  code_used: 'somebody has looked by this code; let the company release the report anew',
  code_withdrawn: 'the company has taken the release back',
  code_expired: 'the time for it is over; let the company release the report anew',
};
const refused = (code: ErrorCode): YitongError => new YitongError(code, MESSAGES[code] ?? 'the code cannot be used so');
/** Who looks, as the log names them. */
const scannerInLog = ({ kind, key }: Scanner): string =>
  kind === 'client' ? key : kind === 'person' ? 'person' : 'public page';
const lookerOf = ({ key, ...scanner }: Scanner): Looker => ({
  ...scanner,
  ...(scanner.kind === 'client' ? { client: key } : {}),
});

export const openReleases = (options: ReleasesOptions): Releases => new ReleaseCodes(options);

/** One step of a release, as it goes on record. */
interface StepEntry {
  readonly step: ComplianceStep['step'];
  readonly id: string;
  readonly by: string;
  readonly requestId: string;
  readonly live: Pick<LiveRelease['live'], 'subject' | 'scope'>;
  readonly authority?: string | undefined;
  readonly bodySha256?: string;
  /** Under the company's key. */
  readonly about?: object | undefined;
}

/** A release of which something can still come. */
type LiveRelease = ReleaseRecord & { readonly live: NonNullable<ReleaseRecord['live']> };
const isLive = (found: ReleaseRecord | undefined): found is LiveRelease => found?.live !== undefined;

class ReleaseCodes implements Releases {
  readonly #store: CodeStore;
  readonly #journal: ReleasesOptions['journal'];
  readonly #now: ReleasesOptions['now'];
  readonly #part: ReleasesOptions['part'];

  constructor({ store, journal, now, part }: ReleasesOptions) {
    this.#store = store;
    this.#journal = journal;
    this.#now = now;
    this.#part = part;
  }

  // the company releases, sees what became of it, and may take it back

  async release(
    { owner, by, subject, about }: Releasing,
    scope: Scope,
    requestId: string,
  ): ReturnType<Releases['release']> {
    const code = newToken();
    const id = digest(code);
    await this.#record({ step: 'released', id, by, requestId, live: { subject, scope }, about });
    const madeAt = this.#now();
    const until = madeAt + RELEASE_TERM;
    await this.#store.transaction((maps) =>
      maps.putRelease(id, { state: 'released', madeAt, until, live: { owner, subject, scope } }),
    );
    return { code, id, until };
  }

  async follow(id: string, owner: string): Promise<ReleaseView> {
    const found = ownedBy(owner, isToken(id) ? await this.#store.release(id) : undefined);
    const { subject, scope, looker } = found.live;
    return {
      subject,
      state: releaseStateAt(found, this.#now()),
      until: found.until,
      scope,
      ...present({ looker }),
    };
  }

  async withdraw(id: string, { owner, by, about }: Releasing, requestId: string): Promise<void> {
    const live = await this.#store.transaction((maps) => {
      const found = ownedBy(owner, isToken(id) ? maps.release(id) : undefined);
      maps.putRelease(id, this.#advanced(found, 'withdrawn'));
      return found.live;
    });
    await this.#record({ step: 'withdrawn', id, by, requestId, live, about });
  }

  // whoever comes first with the code looks, once

  async look(code: string, scanner: Scanner, source: string, requestId: string): Promise<ReleasedReport> {
    const id = digest(code);
    const { live } = await this.#found(code, lookersOf(scanner, source));
    const shown = await this.#part(live.scope, requestId);
    if (shown === undefined) throw refused('code_expired');
    await this.#record({
      step: 'looked',
      id,
      by: scannerInLog(scanner),
      requestId,
      live,
      authority: scanner.authority,
      bodySha256: digest(canonicalJson(shown)),
      about: scanner.kind === 'person' ? { looker: scanner.key, lookerName: scanner.name } : {},
    });
    // on record by now; of two who come at once both are, and one sees it. What was taken back meanwhile is seen by
    // nobody
    await this.#store.transaction((maps) => {
      const looked = this.#advanced(maps.release(id), 'looked');
      maps.putRelease(id, { ...looked, live: { ...live, looker: lookerOf(scanner) } });
    });
    return shown;
  }

  /** A release that can be looked at now. What is no code is counted, so that nobody guesses for long. */
  async #found(code: string, who: readonly string[]): Promise<LiveRelease> {
    const found = await this.#store.transaction((maps): ReleaseRecord | ErrorCode => {
      const at = this.#now();
      if (guessedTooOften(maps, who, at)) return 'rate_limited';
      const known = isToken(code) ? maps.release(digest(code)) : undefined;
      if (known === undefined) countMiss(maps, who, at);
      return known ?? 'code_unknown';
    });
    if (found === 'rate_limited')
      throw new YitongError('rate_limited', 'too many codes that are none came from here; wait ten minutes');
    if (typeof found === 'string') throw refused(found);
    this.#advanced(found, 'looked');
    if (!isLive(found)) throw refused('code_expired');
    return found;
  }

  // steps, and their record

  /** What becomes of it, or the error that says why nothing does. */
  #advanced(found: ReleaseRecord | undefined, to: 'looked' | 'withdrawn'): ReleaseRecord {
    if (found === undefined) throw refused('code_unknown');
    const next = stepRelease(found, to, this.#now());
    if ('code' in next) throw refused(next.code);
    return next.record;
  }

  /** @throws YitongError `audit_unavailable` */
  async #record({ step, id, by, requestId, live, authority, bodySha256, about }: StepEntry): Promise<void> {
    const { id: document, report, domains, from, to, whole } = live.scope;
    await this.#journal.append({
      clear: complianceBody({
        time: new Date(this.#now()).toISOString(),
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
      subject: { subject: live.subject, json: JSON.stringify({ report: document, whole, ...about }) },
    });
  }
}

/** @throws YitongError `code_unknown` also where somebody else released it */
function ownedBy(owner: string, found: ReleaseRecord | undefined): LiveRelease {
  if (!isLive(found) || !sameText(found.live.owner, owner)) throw refused('code_unknown');
  return found;
}
