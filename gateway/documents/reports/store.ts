/**
 * Issued reports and recorded authorisations of a data folder, shared by the workers of a replica. What they say stands
 * under the key of the subject that they belong to (`log/entries/keys.ts`), so an erased subject's cannot be read any
 * more; of a code only its hash is there.
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { openSubjectKeys, type SubjectKeys, type SubjectSecret } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import type { Day, Moment, ReportModel } from '../model/model.js';
import type { StatusPlace } from '../model/status.js';
import type { Authorisation, Invitation } from './authorisation.js';

/** An issued report as it is kept. */
export interface Issued {
  readonly id: string;
  /** SHA-256 (base64url) over the canonical JSON of the model. */
  readonly document: string;
  readonly issuer: SubjectKey;
  readonly model: ReportModel;
  /** What names each section's records over their versions. */
  readonly keys: readonly (readonly string[])[];
}

/** What a list says of a report. */
export interface IssuedRow {
  readonly id: string;
  readonly report: string;
  readonly document: string;
  readonly issuedAt: Moment;
  readonly purpose: string;
  /** As the company named it. */
  readonly bearer: string;
  readonly range: { readonly from: Day; readonly to: Day };
  readonly subjects: number;
  readonly domains: number;
  /** When it is removed. */
  readonly keptUntil: Moment;
  readonly revokedAt?: Moment;
}

export const OUTCOMES = ['genuine', 'changed', 'revoked', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Since the data folder was made; what is removed later still counts. */
export interface Numbers {
  readonly issued: number;
  /** One for each domain and company: what a company would have had to collect. */
  readonly certificates: number;
  readonly verified: Readonly<Record<Outcome, number>>;
}
export const NO_NUMBERS: Numbers = {
  issued: 0,
  certificates: 0,
  verified: { genuine: 0, changed: 0, revoked: 0, unknown: 0 },
};
const NUMBERS = 'numbers';

export interface Revoked {
  /** When it was revoked first. */
  readonly revokedAt: Moment;
  /** Where the status of each of its credentials stands. */
  readonly places: readonly StatusPlace[];
}

export interface ReportStore {
  putReport(issued: Issued, codeHash: string, keptUntil: number): Promise<void>;
  report(id: string): Promise<Issued | undefined>;
  byCode(codeHash: string): Promise<Issued | undefined>;
  keptUntil(id: string): Promise<number | undefined>;
  /** Of the company that asked, newest first. */
  reportsOf(subject: SubjectKey): Promise<readonly IssuedRow[]>;
  putAuthorisation(authorisation: Authorisation, keptUntil: number): Promise<void>;
  authorisation(id: string): Promise<Authorisation | undefined>;
  /** Newest first. */
  given(from: SubjectKey): Promise<readonly Authorisation[]>;
  received(to: SubjectKey): Promise<readonly Authorisation[]>;
  putInvitation(invitation: Invitation, keptUntil: number): Promise<void>;
  invitation(id: string): Promise<Invitation | undefined>;
  /** Of the company that was asked; newest first. */
  invited(from: SubjectKey): Promise<readonly Invitation[]>;
  inviting(to: SubjectKey): Promise<readonly Invitation[]>;
  /**
   * Remembers where the status of a credential of the report stands. False where the report is gone or revoked: then
   * there may be no such credential.
   */
  putPlace(id: string, place: StatusPlace): Promise<boolean>;
  /**
   * For good.
   * @returns undefined where there is no such report
   */
  revoke(id: string, at: Moment): Promise<Revoked | undefined>;
  revokedAt(id: string): Promise<Moment | undefined>;
  /** Another number once a report was revoked. */
  revocations(): Promise<number>;
  /** Counts one verification; on disk when it resolves, many with one write. */
  verified(outcome: Outcome): Promise<void>;
  numbers(): Promise<Numbers>;
  /** Removes what is past its time. @returns how many */
  sweep(now: number): Promise<number>;
  close(): Promise<void>;
}

/** Whatever is under a subject's key, with what must be known without it. */
export interface Row {
  readonly owner: string;
  readonly enc: string;
  /** ms since 1970 */
  readonly until: number;
  readonly links: readonly string[];
  readonly about?: Omit<IssuedRow, 'bearer'>;
  /** Of `about` what the company wrote itself, under its key. */
  readonly said?: string;
}
type Value = Row | Numbers | string;

const ID = /^[0-9a-f]{32}$/;
export const isReportId = (id: string): boolean => ID.test(id);
export const newId = (): string => randomBytes(16).toString('hex');

export const openReportStore = (dataDir: string): ReportStore => new LmdbReportStore(dataDir);

/** What a list says of a report that was just issued. */
export const rowOf = ({ id, document, model }: Issued, keptUntil: number): IssuedRow => ({
  id,
  document,
  report: model.report,
  issuedAt: model.issuedAt,
  purpose: model.purpose.id,
  bearer: model.bearer,
  range: model.range,
  subjects: model.subjects.length,
  domains: model.domains.length,
  keptUntil: new Date(keptUntil).toISOString(),
});

/** Where the places of a report's credentials stand. */
export const placesOf = (id: string) => ({ start: `place/${id}/`, end: `place/${id}/~` });

class LmdbReportStore implements ReportStore {
  readonly #env: Env<Value, string>;
  readonly #map: Env<Value, string>['root'];
  readonly #keys: SubjectKeys;

  constructor(dataDir: string) {
    const dir = join(dataDir, 'reports');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, 'store');
    refuseDamaged(path, 'the store of reports', 'put `reports/store` back from a backup (docs/faults.md)', true);
    this.#env = openEnv<Value, string>({ file: path, encoding: 'json', maxReaders: 512 });
    this.#map = this.#env.root;
    chmodSync(path, 0o600);
    this.#keys = openSubjectKeys({ dir: auditLayout(dataDir).subjectKeys });
  }

  // reports

  async putReport(issued: Issued, codeHash: string, keptUntil: number): Promise<void> {
    const { id, model, issuer } = issued;
    const row = rowOf(issued, keptUntil);
    this.#put({
      key: `report/${id}`,
      owner: issuer,
      content: issued,
      until: keptUntil,
      links: [`code/${codeHash}`, `of/${this.#secretOf(issuer).pseudonym}/${model.issuedAt}/${id}`],
      row,
      count: (before) => ({
        ...before,
        issued: before.issued + 1,
        certificates: before.certificates + row.subjects * row.domains,
      }),
    });
  }

  async report(id: string): Promise<Issued | undefined> {
    this.#seeLatest();
    return ID.test(id) ? this.#opened<Issued>(`report/${id}`) : undefined;
  }

  async byCode(codeHash: string): Promise<Issued | undefined> {
    this.#seeLatest();
    const key = this.#map.get(`code/${codeHash}`);
    return typeof key === 'string' ? this.#opened<Issued>(key) : undefined;
  }

  async keptUntil(id: string): Promise<number | undefined> {
    this.#seeLatest();
    return this.#row(`report/${id}`)?.until;
  }

  async reportsOf(subject: SubjectKey): Promise<readonly IssuedRow[]> {
    return this.#linkedTo('of', subject, (key) => this.#issuedRow(key));
  }

  /** Without the model: `about` stands in the open, the bearer under the company's key. */
  #issuedRow(key: string): IssuedRow | undefined {
    const { owner = '', about, said } = this.#row(key) ?? {};
    const secret = this.#keys.byPseudonym(owner);
    if (about === undefined || said === undefined || secret === undefined) return undefined;
    const revokedAt = this.#revokedAt(about.id);
    return { ...about, ...unseal<Pick<IssuedRow, 'bearer'>>(secret, said), ...present({ revokedAt }) };
  }

  // authorisations and invitations

  async putAuthorisation(authorisation: Authorisation, keptUntil: number): Promise<void> {
    const { id, from, to, recordedAt } = authorisation;
    this.#put({
      key: `authorisation/${id}`,
      owner: from,
      content: authorisation,
      until: keptUntil,
      links: [
        `given/${this.#secretOf(from).pseudonym}/${recordedAt}/${id}`,
        `received/${this.#secretOf(to).pseudonym}/${recordedAt}/${id}`,
      ],
    });
  }

  async authorisation(id: string): Promise<Authorisation | undefined> {
    this.#seeLatest();
    return ID.test(id) ? this.#opened<Authorisation>(`authorisation/${id}`) : undefined;
  }

  async given(from: SubjectKey): Promise<readonly Authorisation[]> {
    return this.#linkedTo('given', from, (key) => this.#opened<Authorisation>(key));
  }

  async received(to: SubjectKey): Promise<readonly Authorisation[]> {
    return this.#linkedTo('received', to, (key) => this.#opened<Authorisation>(key));
  }

  async putInvitation(invitation: Invitation, keptUntil: number): Promise<void> {
    const { id, from, to, invitedAt } = invitation;
    this.#put({
      key: `invitation/${id}`,
      owner: from,
      content: invitation,
      until: keptUntil,
      links: [
        `invited/${this.#secretOf(from).pseudonym}/${invitedAt}/${id}`,
        `inviting/${this.#secretOf(to).pseudonym}/${invitedAt}/${id}`,
      ],
    });
  }

  async invitation(id: string): Promise<Invitation | undefined> {
    this.#seeLatest();
    return ID.test(id) ? this.#opened<Invitation>(`invitation/${id}`) : undefined;
  }

  async invited(from: SubjectKey): Promise<readonly Invitation[]> {
    return this.#linkedTo('invited', from, (key) => this.#opened<Invitation>(key));
  }

  async inviting(to: SubjectKey): Promise<readonly Invitation[]> {
    return this.#linkedTo('inviting', to, (key) => this.#opened<Invitation>(key));
  }

  // revocation

  async putPlace(id: string, { list, index }: StatusPlace): Promise<boolean> {
    return this.#env.writeSync(() => {
      if (!this.#isReport(id) || this.#revokedAt(id) !== undefined) return false;
      this.#map.putSync(`place/${id}/${String(list)}/${String(index)}`, '');
      return true;
    });
  }

  async revoke(id: string, at: Moment): Promise<Revoked | undefined> {
    return this.#env.writeSync(() => {
      if (!this.#isReport(id)) return undefined;
      const revokedAt = this.#revokedAt(id) ?? at;
      this.#map.putSync(`revoked/${id}`, revokedAt);
      const places = [...this.#map.getKeys(placesOf(id))].map((key): StatusPlace => {
        const [list = 0, index = 0] = key.split('/').slice(2).map(Number);
        return { list, index };
      });
      return { revokedAt, places };
    });
  }

  async revokedAt(id: string): Promise<Moment | undefined> {
    this.#seeLatest();
    return this.#revokedAt(id);
  }

  #revokedAt(id: string): Moment | undefined {
    const value = this.#map.get(`revoked/${id}`);
    return typeof value === 'string' ? value : undefined;
  }

  #isReport(id: string): boolean {
    return ID.test(id) && this.#row(`report/${id}`) !== undefined;
  }

  async revocations(): Promise<number> {
    this.#seeLatest();
    return this.#map.getKeysCount({ start: 'revoked/', end: 'revoked/~' });
  }

  // numbers, and the end of what is past its time

  async verified(outcome: Outcome): Promise<void> {
    await this.#env.write(() => {
      const { verified, ...rest } = this.#numbers();
      this.#map.putSync(NUMBERS, { ...rest, verified: { ...verified, [outcome]: verified[outcome] + 1 } });
    });
  }

  async numbers(): Promise<Numbers> {
    this.#seeLatest();
    return this.#numbers();
  }

  #numbers(): Numbers {
    const value = this.#map.get(NUMBERS);
    return typeof value === 'object' && 'verified' in value
      ? { ...value, verified: { ...NO_NUMBERS.verified, ...value.verified } }
      : NO_NUMBERS;
  }

  async sweep(now: number): Promise<number> {
    return this.#env.writeSync(() => {
      const over = [...this.#rowsOver(now)];
      for (const [key, { links }] of over) {
        for (const one of [key, ...links, ...this.#besideReport(key)]) this.#map.removeSync(one);
      }
      return over.length;
    });
  }

  /** What stands beside a report under its id, and is over with it. */
  #besideReport(key: string): readonly string[] {
    if (!key.startsWith('report/')) return [];
    const id = key.slice('report/'.length);
    return [`revoked/${id}`, ...this.#map.getKeys(placesOf(id))];
  }

  *#rowsOver(now: number): Generator<[key: string, row: Row], void> {
    for (const kind of ['report', 'authorisation', 'invitation'])
      for (const { key, value } of this.#map.getRange({ start: `${kind}/`, end: `${kind}/~` }))
        if (typeof value === 'object' && 'until' in value && value.until < now) yield [key, value];
  }

  async close(): Promise<void> {
    await this.#env.close();
    await this.#keys.close();
  }

  // rows under the key of their subject, and the links by which they are found

  /** What was read before in this turn of the loop would hide what another worker has committed since. */
  #seeLatest(): void {
    this.#map.resetReadTxn();
  }

  #secretOf(subject: string): SubjectSecret {
    this.#keys.ensure([subject]);
    const secret = this.#keys.get(subject);
    if (secret === undefined) throw new YitongError('internal', 'a subject has no key');
    return secret;
  }

  #row(key: string): Row | undefined {
    const value = this.#map.get(key);
    return typeof value === 'object' && 'owner' in value ? value : undefined;
  }

  /** Undefined also where the subject was erased. */
  #opened<T>(key: string): T | undefined {
    const found = this.#row(key);
    const secret = found === undefined ? undefined : this.#keys.byPseudonym(found.owner);
    return found === undefined || secret === undefined ? undefined : unseal<T>(secret, found.enc);
  }

  #put({ key, owner, content, until, links, row, count }: NewRow): void {
    const secret = this.#secretOf(owner);
    const sealed = (value: object): string =>
      seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(value)));
    const stored: Row = { owner: secret.pseudonym, enc: sealed(content), until, links, ...briefOf(row, sealed) };
    this.#env.writeSync(() => {
      this.#map.putSync(key, stored);
      for (const link of links) this.#map.putSync(link, key);
      if (count !== undefined) this.#map.putSync(NUMBERS, count(this.#numbers()));
    });
  }

  /** Newest first: a link holds its time. */
  #linkedTo<T>(kind: string, subject: SubjectKey, read: (key: string) => T | undefined): readonly T[] {
    this.#seeLatest();
    const name = this.#keys.get(subject)?.pseudonym;
    if (name === undefined) return [];
    const found: T[] = [];
    for (const { value } of this.#map.getRange({ start: `${kind}/${name}/`, end: `${kind}/${name}/~` })) {
      const one = typeof value === 'string' ? read(value) : undefined;
      if (one !== undefined) found.push(one);
    }
    return found.reverse();
  }
}

interface NewRow {
  readonly key: string;
  /** The subject under whose key it stands. */
  readonly owner: string;
  readonly content: object;
  /** ms since 1970 */
  readonly until: number;
  readonly links: readonly string[];
  /** Of a report: what a list says of it. */
  readonly row?: IssuedRow;
  /** The numbers behind it. */
  readonly count?: (before: Numbers) => Numbers;
}

/** What a list says of a report, apart from its content; the bearer, whom the company named, stays sealed. */
function briefOf(row: IssuedRow | undefined, sealed: (value: object) => string): Pick<Row, 'about' | 'said'> {
  if (row === undefined) return {};
  const { bearer, ...about } = row;
  return { about, said: sealed({ bearer }) };
}
