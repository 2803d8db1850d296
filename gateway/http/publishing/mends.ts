/**
 * The desk of mends: what could be said otherwise of a feed so that rows of one cause are read, a draft of it with what
 * it would do, and what becomes of the draft.
 */
import { join } from 'node:path';
import type { Feed } from '../../../connectors/feed.js';
import { loadFeed, makeFeed } from '../../../connectors/feeds.js';
import { type Mend, mendedMapping, proposeMend } from '../../../connectors/propose/mend.js';
import { targetOf } from '../../../connectors/propose/mend-edits.js';
import { previewHeld, previewSource } from '../../../connectors/propose/mend-preview.js';
import type { MendGround } from '../../../connectors/propose/mend-rows.js';
import { readTerms, type Terms } from '../../../connectors/propose/terms.js';
import type { QuarantineEntry } from '../../../connectors/quarantine.js';
import type { QuarantineCause } from '../../../connectors/quarantine-causes.js';
import { loadSourceKinds } from '../../../connectors/sources/load.js';
import { YitongError } from '../../../contracts/errors.js';
import type { DatasetId } from '../../../contracts/ids.js';
import type { Contract } from '../../../contracts/types.js';
import type { GatewayContext } from '../../documents/context.js';
import { packageRoot } from '../../ground/files/places.js';
import { type CaseGround, openCaseGround } from '../../procedures/cases/opened.js';
import { digestOfFeed, type Elsewhere, keptElsewhere, textOfFeed, withField, writeFeed } from './feed-file.js';
import {
  type Draft,
  type DraftContent,
  type MendDrafts,
  type Officer,
  openMendDrafts,
  type Standing,
  standingOf,
} from './mend-drafts.js';
import type { QuarantineDesk } from './quarantine.js';

/** Rows of a cause out of which a mend is made: by their ids, which are digests, so any of them. */
const SAMPLE = 400;
/** Rows of the source that a draft is tried on, and ms that it may take. */
const SOURCE_ROWS = 20_000;
const SOURCE_MS = 8_000;
/** Drafts of an authority that are looked at together. */
const MOST_UNDECIDED = 200;

let terms: Promise<Terms> | undefined;
const registerTerms = (): Promise<Terms> => (terms ??= readTerms(join(packageRoot(), 'connectors/propose/terms.json')));

export interface StandingDraft {
  readonly draft: Draft;
  readonly standing: Standing;
}

/** Of what a draft is to be made. */
export interface MendAsked {
  readonly cause: QuarantineCause;
  /** Of the parts that are wanted; absent: all. */
  readonly keys?: readonly string[];
  /** By this row alone, with all that is proposed for it. */
  readonly row?: string;
}

export interface MendDesk {
  /** Undefined without a feed that has a mapping. @throws YitongError `bad_feed` */
  propose(contract: Contract, cause: QuarantineCause, rows: readonly QuarantineEntry[]): Promise<Mend | undefined>;
  /** Of the first rows of the cause, as `propose`; with how many there are in all. */
  proposed(
    contract: Contract,
    cause: QuarantineCause,
  ): Promise<{ readonly rows: number; readonly mend: Mend | undefined }>;
  /**
   * What the draft would say and do.
   * @throws YitongError `state_conflict` where none of what is asked for is proposed any more
   */
  content(contract: Contract, asked: MendAsked, signal: AbortSignal): Promise<DraftContent>;
  /** The mapping of before a draft that is in force. @throws YitongError `state_conflict` */
  undoing(contract: Contract, draft: Draft, signal: AbortSignal): Promise<DraftContent>;
  drafts(): Promise<MendDrafts>;
  list(contract: Contract): Promise<readonly StandingDraft[]>;
  /** Of an authority's datasets, those that somebody else proposed and that can be approved, the oldest first. */
  toApprove(
    authority: string,
    officer: Officer,
  ): Promise<readonly { readonly contract: Contract; readonly draft: Draft }[]>;
  /** @throws YitongError `not_found` */
  find(contract: Contract, id: string): Promise<StandingDraft>;
  /** Why an approved draft is not written here; undefined where it is. */
  elsewhere(contract: Contract): Promise<Elsewhere | undefined>;
  /** Writes what was approved. @throws YitongError `state_conflict`, `state_unavailable`, `bad_feed` */
  write(contract: Contract, draft: Draft): Promise<void>;
  close(): Promise<void>;
}

class OpenedMends implements MendDesk {
  readonly #context: GatewayContext;
  readonly #quarantines: Pick<QuarantineDesk, 'look'>;
  #ground: Promise<CaseGround> | undefined;

  constructor(context: GatewayContext, quarantines: Pick<QuarantineDesk, 'look'>) {
    this.#context = context;
    this.#quarantines = quarantines;
  }

  async drafts(): Promise<MendDrafts> {
    this.#ground ??= openCaseGround(this.#context);
    // what did not open is tried again with the next request
    this.#ground.catch(() => (this.#ground = undefined));
    const { state, keys } = await this.#ground;
    return openMendDrafts(state, keys, this.#context.now);
  }

  async #feedOf(contract: Contract): Promise<Feed> {
    const feed = await loadFeed(this.#context.workspace, contract.id);
    if (feed === undefined) throw new YitongError('not_publisher', `\`${contract.id}\` has no feed`);
    return feed;
  }

  /** The feed as the text would have it. @throws YitongError `bad_feed` */
  async #feedIn(contract: Contract, { file }: Feed, text: string): Promise<Feed> {
    return makeFeed(contract.id, file, JSON.parse(text), this.#context.workspace, await loadSourceKinds());
  }

  async #standing(draft: Draft, file: string | undefined): Promise<StandingDraft> {
    const found = standingOf(draft, file ?? '');
    if (found !== 'in-force' || draft.applied !== undefined) return { draft, standing: found };
    return { draft: await (await this.drafts()).applied(draft), standing: found };
  }

  async #fileDigest(contract: Contract): Promise<string | undefined> {
    const feed = await loadFeed(this.#context.workspace, contract.id).catch(() => undefined);
    return feed === undefined ? undefined : digestOfFeed(await textOfFeed(feed));
  }

  async #rowsFor(contract: Contract, cause: QuarantineCause, row: string | undefined) {
    const found = await this.#quarantines.look(contract, async (quarantine) => {
      if (row === undefined) return (await quarantine.rowsOf(cause, { after: '', limit: SAMPLE })).rows;
      const one = await quarantine.get(row);
      return one === undefined ? [] : [one];
    });
    return found ?? [];
  }

  /** What it would do, tried on what is held and on the source. */
  async #tried(
    contract: Contract,
    feed: Feed,
    { cause, text }: { readonly cause: QuarantineCause; readonly text: string },
    signal: AbortSignal,
  ): Promise<Pick<DraftContent, 'held' | 'source'>> {
    const { workspace, now } = this.#context;
    const at: MendGround = { feed, contract, workspace };
    const { mapping } = await this.#feedIn(contract, feed, text);
    const held = await this.#quarantines.look(contract, (quarantine) =>
      previewHeld(at, { mapping, cause }, quarantine, { signal }),
    );
    const kind = (await loadSourceKinds()).get(feed.source.kind);
    const date = (): Date => new Date(now());
    const limits = { most: SOURCE_ROWS, until: now() + SOURCE_MS, baseDir: workspace.dir, now: date, signal };
    const source = kind === undefined ? ('failed' as const) : await previewSource(at, mapping, kind, limits);
    return { held: held ?? NOTHING_HELD, source };
  }

  async propose(
    contract: Contract,
    cause: QuarantineCause,
    rows: readonly QuarantineEntry[],
  ): Promise<Mend | undefined> {
    const { workspace } = this.#context;
    const feed = await loadFeed(workspace, contract.id);
    if (feed === undefined) return undefined;
    return proposeMend({ feed, contract, workspace }, cause, rows, await registerTerms());
  }

  async proposed(
    contract: Contract,
    cause: QuarantineCause,
  ): Promise<{ readonly rows: number; readonly mend: Mend | undefined }> {
    const causes = (await this.#quarantines.look(contract, (quarantine) => quarantine.causes())) ?? [];
    const rows = causes.find(({ code, field }) => code === cause.code && field === cause.field)?.rows ?? 0;
    return { rows, mend: await this.propose(contract, cause, await this.#rowsFor(contract, cause, undefined)) };
  }

  async content(contract: Contract, { cause, keys, row }: MendAsked, signal: AbortSignal): Promise<DraftContent> {
    const feed = await this.#feedOf(contract);
    const before = await textOfFeed(feed);
    const rows = await this.#rowsFor(contract, cause, row);
    const { workspace } = this.#context;
    const mend = proposeMend({ feed, contract, workspace }, cause, rows, await registerTerms());
    const parts =
      row === undefined && keys !== undefined ? mend.parts.filter(({ key }) => keys.includes(key)) : mend.parts;
    const mapping = mendedMapping(feed.mapping, cause.field, parts);
    const target = targetOf(feed.mapping, cause.field);
    if (parts.length === 0 || mapping === undefined || target === undefined)
      throw new YitongError('state_conflict', 'the rows have changed, and nothing of this is proposed any more');
    const text = withField(before, target, mapping);
    return {
      dataset: contract.id,
      cause,
      parts: parts.map(({ kind, edits }) => ({ kind, edits })),
      before: { digest: digestOfFeed(before), text: before },
      after: { digest: digestOfFeed(text), text },
      ...(await this.#tried(contract, feed, { cause, text }, signal)),
    };
  }

  async undoing(contract: Contract, { id, cause, before, after }: Draft, signal: AbortSignal): Promise<DraftContent> {
    const feed = await this.#feedOf(contract);
    const text = await textOfFeed(feed);
    const digest = digestOfFeed(text);
    if (digest !== after.digest)
      throw new YitongError('state_conflict', 'the feed says something else by now, so this cannot be put back');
    return {
      dataset: contract.id,
      cause,
      parts: [],
      undoes: id,
      before: { digest, text },
      after: before,
      ...(await this.#tried(contract, feed, { cause, text: before.text }, signal)),
    };
  }

  async list(contract: Contract): Promise<readonly StandingDraft[]> {
    const all = await (await this.drafts()).list(contract.id);
    if (all.length === 0) return [];
    const file = await this.#fileDigest(contract);
    return Promise.all(all.map((draft) => this.#standing(draft, file)));
  }

  async toApprove(
    authority: string,
    officer: Officer,
  ): Promise<readonly { readonly contract: Contract; readonly draft: Draft }[]> {
    const drafts = await this.drafts();
    const all = await drafts.undecided(authority, MOST_UNDECIDED);
    const files = new Map<string, Promise<string | undefined>>();
    const found = await Promise.all(
      all.map(async (draft) => {
        const contract = this.#context.workspace.contracts.get(draft.dataset as DatasetId);
        if (contract === undefined || (await drafts.proposedBy(draft, officer))) return [];
        let file = files.get(draft.dataset);
        if (file === undefined) files.set(draft.dataset, (file = this.#fileDigest(contract)));
        return standingOf(draft, (await file) ?? '') === 'open' ? [{ contract, draft }] : [];
      }),
    );
    return found.flat();
  }

  async find(contract: Contract, id: string): Promise<StandingDraft> {
    return this.#standing(await (await this.drafts()).find(contract.id, id), await this.#fileDigest(contract));
  }

  async elsewhere(contract: Contract): Promise<Elsewhere | undefined> {
    return keptElsewhere(this.#context.workspace, await this.#feedOf(contract));
  }

  async write(contract: Contract, draft: Draft): Promise<void> {
    const feed = await this.#feedOf(contract);
    // what was fine when it was proposed need not be by the contract of today
    await this.#feedIn(contract, feed, draft.after.text);
    await writeFeed(feed, draft.before.digest, draft.after.text);
    await (await this.drafts()).applied(draft);
  }

  async close(): Promise<void> {
    await (await this.#ground?.catch(() => undefined))?.close();
  }
}

const NOTHING_HELD = { looked: 0, good: 0, skipped: 0, otherwise: 0, same: 0, goodOfOthers: 0 };

export const openMendDesk = (context: GatewayContext, quarantines: Pick<QuarantineDesk, 'look'>): MendDesk =>
  new OpenedMends(context, quarantines);
