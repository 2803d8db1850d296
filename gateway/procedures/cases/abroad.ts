/**
 * The way of a case to other regions: what registers there say of its subject, and errands that are brought there. Both
 * gateways decide, and both have it on record under one id. What leaves carries the promise of the log here for these
 * very bytes, what comes back that of the log there, so that each side can show what the other did.
 */
import { randomUUID } from 'node:crypto';
import type { Json } from '../../../contracts/bundle/types.js';
import { type ErrorCode, errorTable } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Contract } from '../../../contracts/types.js';
import { decideAsk, decideCase } from '../../../policies/regions.js';
import type { Region } from '../../../policies/types.js';
import type { InForce } from '../../answer/inforce/snapshot.js';
import { withReceipt } from '../../answer/question/receipt.js';
import type { StatedCase } from '../../answer/question/request.js';
import { FarRegions } from '../../answer/regions/far.js';
import type { RegionSettings } from '../../ground/config/region.js';
import { countRegion } from '../../ground/counts/counts.js';
import { DIGEST_TO_COME } from '../../log/entries/answer-digest.js';
import { regionBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import { parseVkey } from '../../log/proof/note.js';
import { answerSha256, type Promised, promisedLeaf } from '../../log/proof/promised.js';
import type { Carried } from './errand-sending.js';
import type { WaitingErrand } from './errands.js';
import type { RegisterAnswer } from './readings.js';

interface AbroadParts {
  readonly settings: { readonly region: RegionSettings };
  readonly workspace: { readonly dir: string };
  readonly inForce: () => Pick<InForce, 'policies'>;
  readonly journal: Pick<Journal, 'append'>;
  /** ms since 1970 */
  readonly now: () => number;
  readonly onFault?: (region: string, why: unknown) => void;
}

/** For whom, and what of a bundle it is. */
interface Under {
  readonly client: string;
  readonly purpose: string;
}

type Entry = Parameters<typeof regionBody>[0];
type Note = (step: Entry['step'], more?: object) => Promise<void>;
type Outcome = { readonly outcome: Carried; readonly code?: string };

/** What came back in any case. */
interface Said {
  readonly code?: ErrorCode;
  readonly receipt?: Promised;
  readonly datasets?: readonly {
    readonly status: string;
    readonly sourceTime?: string;
    readonly records: readonly { readonly record?: Readonly<Record<string, Json>> }[];
    readonly withheld?: readonly { readonly field: string }[];
  }[];
}

/** An act that can never be done: who acts is told, and it is not brought again. */
const NEVER: ReadonlySet<string> = new Set<ErrorCode>(['act_refused', 'not_found']);

/** Shows that the log of the region promises these very bytes. @throws YitongError `log_invalid` */
export function checkPromise(region: Region, promise: Promised, digest: string): void {
  promisedLeaf(promise, region.offer.log.replicas.map(parseVkey), digest);
}

export class Abroad {
  readonly #parts: AbroadParts;
  readonly #far: FarRegions;
  /** By errand: the promise for what was sent, so that what is sent again is on record once. */
  readonly #promised = new Map<string, { readonly digest: string; readonly receipt: string }>();

  constructor(parts: AbroadParts) {
    const { settings, workspace, now, onFault } = parts;
    this.#parts = parts;
    this.#far = new FarRegions({ settings: settings.region, dir: workspace.dir, now, ...present({ onFault }) });
  }

  close(): void {
    this.#far.close();
  }

  #region(id: string): Region | undefined {
    const { settings, inForce } = this.#parts;
    // one that has no name among regions has no certificate for them
    return settings.region.id === '' ? undefined : inForce().policies.regions.get(id);
  }

  /** Whether the item may be done there. */
  mayGo(region: string, bundle: string, item: string): boolean {
    return decideCase(this.#region(region), { way: 'out', bundle, item }, this.#parts.now()).effect === 'allow';
  }

  /** Regions in which such items may be done now, with their names. */
  regionsFor(bundle: string, items: readonly string[]): readonly Region['offer'][] {
    const { settings, inForce } = this.#parts;
    const all = settings.region.id === '' ? [] : [...inForce().policies.regions.values()];
    return all.filter(({ id }) => items.some((item) => this.mayGo(id, bundle, item))).map(({ offer }) => offer);
  }

  #time(): string {
    return new Date(this.#parts.now()).toISOString();
  }

  /** Puts a step on record, and counts it where it is the last. */
  #noting(entry: Omit<Entry, 'step' | 'time'>, subject: { readonly subject: string; readonly json: string }): Note {
    const { journal, now } = this.#parts;
    return async (step, more = {}) => {
      await journal.append({ clear: regionBody({ ...entry, time: this.#time(), step, ...more }), subject });
      if (step !== 'asked' && this.#region(entry.region) !== undefined) countRegion(entry.region, 'out', step, now());
    };
  }

  /** @param body undefined where who applies was erased */
  async carry(
    errand: WaitingErrand,
    body: object | undefined,
    under: Under & { readonly authority: string },
  ): Promise<Outcome> {
    if (body === undefined) return { outcome: 'void', code: 'erased' };
    const subject = { subject: (body as { readonly subject: string }).subject, json: '{}' };
    const { item, act, bundle } = errand;
    const entry: Omit<Entry, 'step' | 'time'> = {
      requestId: errand.id,
      region: errand.region,
      ...under,
      delivery: 'case',
      stated: [],
      asked: [],
      errand: { case: errand.case, bundle, item, act },
      policyVersion: this.#parts.inForce().policies.version,
    };
    const note = this.#noting(entry, subject);
    const region = this.#region(errand.region);
    const decision = this.#decide(region, errand);
    if (decision.effect === 'deny' || region === undefined) {
      const reason = decision.effect === 'deny' ? decision.reason : 'not_granted';
      if (errand.code !== reason) await note('denied', { reason });
      return { outcome: 'later', code: reason };
    }
    const { legalBasis } = decision;
    const bytes = Buffer.from(JSON.stringify({ ...body, asker: { authority: under.authority, legalBasis } }));
    const digest = answerSha256(bytes);
    let promised = this.#promised.get(errand.id);
    if (promised?.digest !== digest) {
      const clear = { ...entry, time: this.#time(), step: 'asked' as const, legalBasis, bodySha256: DIGEST_TO_COME };
      const { json } = await this.#parts.journal.append({
        clear: regionBody({ ...clear, bytes: bytes.length }),
        subject,
        answer: bytes,
      });
      this.#promised.set(errand.id, (promised = { digest, receipt: json }));
    }
    const sent = withReceipt(bytes, promised.receipt);
    const answer = await this.#far.ask(region.offer, { path: '/v1/region-cases', body: sent, requestId: errand.id });
    if (answer.kind === 'away') {
      if (errand.code !== 'region_unavailable') await note('unavailable', { attempts: answer.attempts });
      return { outcome: 'away', code: 'region_unavailable' };
    }
    const outcome = await this.#taken(region, errand, answer, note);
    if (outcome.outcome === 'taken' || outcome.outcome === 'void') this.#promised.delete(errand.id);
    return outcome;
  }

  /** An item is let go by the accord; what comes of it goes as long as the region is in. */
  #decide(region: Region | undefined, { act, bundle, item }: WaitingErrand): ReturnType<typeof decideCase> {
    const way = act === 'ask' || act === 'grant' || act === 'refuse' || act === 'pass' ? 'in' : 'out';
    const decision = decideCase(region, { way, bundle, item }, this.#parts.now());
    const goesOn = act !== 'begin' && region?.status === 'active';
    return decision.effect === 'deny' && goesOn ? { effect: 'allow', legalBasis: ['—'] } : decision;
  }

  async #taken(
    region: Region,
    errand: WaitingErrand,
    { status, bytes, attempts }: { readonly status: number; readonly bytes: Buffer; readonly attempts: number },
    note: Note,
  ): Promise<Outcome> {
    const said = readSaid(bytes);
    const receipt = said?.receipt === undefined ? undefined : JSON.stringify(said.receipt);
    const theirs = { ...present({ receipt }), answerSha256: answerSha256(bytes) };
    if (status === 200 && said?.receipt !== undefined) {
      checkPromise(region, said.receipt, theirs.answerSha256);
      await note('answered', { attempts, theirs });
      return { outcome: 'taken' };
    }
    const code = said?.code ?? 'internal';
    if (errand.code !== code)
      await note(code === 'denied' ? 'denied_there' : 'refused_there', { attempts, theirs, said: code });
    return { outcome: errand.act !== 'begin' && NEVER.has(code) ? 'void' : 'later', code };
  }

  /** What a register of a region says of a subject; undefined where it does not answer, or may not be asked. */
  async ask(
    regionId: string,
    contract: Contract,
    subject: string,
    { client, purpose, authority, stated }: Under & { readonly authority: string; readonly stated: StatedCase },
  ): Promise<RegisterAnswer | undefined> {
    const { now, inForce } = this.#parts;
    const region = this.#region(regionId);
    const dataset = contract.id;
    const decision = decideAsk(region, { client, purpose, datasets: [dataset], delivery: 'query' }, now());
    const requestId = randomUUID();
    const entry: Omit<Entry, 'step' | 'time'> = {
      requestId,
      region: regionId,
      client,
      authority,
      purpose,
      delivery: 'query',
      stated: Object.keys(stated),
      asked: [dataset],
      policyVersion: inForce().policies.version,
    };
    const sealed = { subject, json: JSON.stringify(stated) };
    const note = this.#noting(entry, sealed);
    if (decision.effect === 'deny' || region === undefined) {
      await note('denied', { reason: decision.effect === 'deny' ? decision.reason : 'not_granted' });
      return undefined;
    }
    const { legalBasis } = decision;
    await note('asked', { legalBasis });
    const asker = { client, authority, legalBasis };
    const body = Buffer.from(JSON.stringify({ purpose, subject, datasets: [{ id: dataset }], case: stated, asker }));
    const answer = await this.#far.ask(region.offer, { path: '/v1/query', body, requestId });
    if (answer.kind === 'away') {
      await note('unavailable', { attempts: answer.attempts });
      return undefined;
    }
    const said = readSaid(answer.bytes);
    const receipt = said?.receipt === undefined ? undefined : JSON.stringify(said.receipt);
    const theirs = { ...present({ receipt }), answerSha256: answerSha256(answer.bytes) };
    const told = { attempts: answer.attempts, theirs };
    const found = said?.datasets?.[0];
    if (answer.status !== 200 || found === undefined) {
      await note(said?.code === 'denied' ? 'denied_there' : 'refused_there', {
        ...told,
        said: said?.code ?? 'internal',
      });
      return undefined;
    }
    await note('answered', told);
    // of a register that is late nothing is said; nor by one that was called back meanwhile
    if (found.status !== 'current' || this.#region(regionId)?.status !== 'active') return undefined;
    const withheld = new Set((found.withheld ?? []).map(({ field }) => field));
    return {
      records: found.records.flatMap(({ record }) => (record === undefined ? [] : [record])),
      sourceTime: found.sourceTime ?? '',
      released: (field) => !withheld.has(field),
    };
  }
}

/** What of a region's answer is looked at; undefined where it is none of a gateway. */
function readSaid(bytes: Buffer): Said | undefined {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as (Said & { readonly code?: string }) | null;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const { code, ...rest } = value;
    return { ...rest, ...(code !== undefined && Object.hasOwn(errorTable, code) ? { code: code as ErrorCode } : {}) };
  } catch {
    return undefined;
  }
}
