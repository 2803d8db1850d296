/**
 * Issued reports and recorded authorisations of a data folder, shared by the workers of a replica. What they say stands
 * under the key of the subject that they belong to (`log/entries/keys.ts`), so an erased subject's cannot be read any more;
 * of a code only its hash is there.
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { refuseDamaged } from '../../../connectors/lmdb/file.js';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { openSubjectKeys } from '../../log/entries/keys.js';
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

export type Outcome = 'genuine' | 'changed' | 'revoked' | 'unknown';

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

export interface ReportStore {
  putReport(issued: Issued, codeHash: string, keptUntil: number): void;
  report(id: string): Issued | undefined;
  byCode(codeHash: string): Issued | undefined;
  keptUntil(id: string): number | undefined;
  /** Of the company that asked, newest first. */
  reportsOf(subject: SubjectKey): readonly IssuedRow[];
  putAuthorisation(authorisation: Authorisation, keptUntil: number): void;
  authorisation(id: string): Authorisation | undefined;
  /** Newest first. */
  given(from: SubjectKey): readonly Authorisation[];
  received(to: SubjectKey): readonly Authorisation[];
  putInvitation(invitation: Invitation, keptUntil: number): void;
  invitation(id: string): Invitation | undefined;
  /** Of the company that was asked; newest first. */
  invited(from: SubjectKey): readonly Invitation[];
  inviting(to: SubjectKey): readonly Invitation[];
  /**
   * Remembers where the status of a credential of the report stands. False where the report is gone or revoked: then
   * there may be no such credential.
   */
  putPlace(id: string, place: StatusPlace): boolean;
  /**
   * For good.
   * @returns when it was revoked first, and where the status of each of its credentials stands; undefined where there
   * is no such report
   */
  revoke(id: string, at: Moment): { readonly revokedAt: Moment; readonly places: readonly StatusPlace[] } | undefined;
  revokedAt(id: string): Moment | undefined;
  /** How many are revoked of those that are kept. */
  revocations(): number;
  /** Counts one verification; on disk when it resolves, many with one write. */
  verified(outcome: Outcome): Promise<void>;
  numbers(): Numbers;
  /** Removes what is past its time. @returns how many */
  sweep(now: number): number;
  close(): Promise<void>;
}

/** Whatever is under a subject's key, with what must be known without it. */
interface Row {
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
export const newId = (): string => randomBytes(16).toString('hex');

export function openReportStore(dataDir: string): ReportStore {
  const dir = join(dataDir, 'reports');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, 'store');
  refuseDamaged(path, 'the store of reports', 'put `reports/store` back from a backup (docs/faults.md)', true);
  const env = openEnv<Value, string>({ file: path, encoding: 'json', maxReaders: 512 });
  const map = env.root;
  chmodSync(path, 0o600);
  const keys = openSubjectKeys({ dir: auditLayout(dataDir).subjectKeys });

  function secretOf(subject: string): NonNullable<ReturnType<typeof keys.get>> {
    keys.ensure([subject]);
    const secret = keys.get(subject);
    if (secret === undefined) throw new YitongError('internal', 'a subject has no key');
    return secret;
  }
  /** What was read before in this turn of the loop would hide what another worker has committed since. */
  const latest = (): void => map.resetReadTxn();
  const row = (key: string): Row | undefined => {
    const value = map.get(key);
    return typeof value === 'object' && 'owner' in value ? value : undefined;
  };
  const numbers = (): Numbers => {
    const value = map.get(NUMBERS);
    return typeof value === 'object' && 'verified' in value
      ? { ...value, verified: { ...NO_NUMBERS.verified, ...value.verified } }
      : NO_NUMBERS;
  };
  function opened<T>(key: string): T | undefined {
    const found = row(key);
    const secret = found === undefined ? undefined : keys.byPseudonym(found.owner);
    return found === undefined || secret === undefined ? undefined : unseal<T>(secret, found.enc);
  }
  function put(
    key: string,
    owner: string,
    content: object,
    until: number,
    links: readonly string[],
    row?: IssuedRow,
    counted?: (before: Numbers) => Numbers,
  ): void {
    const secret = secretOf(owner);
    const sealed = (value: object): string =>
      seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(value)));
    const enc = sealed(content);
    const { bearer, ...about } = row ?? {};
    const brief = row === undefined ? {} : { about: about as Omit<IssuedRow, 'bearer'>, said: sealed({ bearer }) };
    env.writeSync(() => {
      map.putSync(key, { owner: secret.pseudonym, enc, until, links, ...brief });
      for (const link of links) map.putSync(link, key);
      if (counted !== undefined) map.putSync(NUMBERS, counted(numbers()));
    });
  }
  const revokedAt = (id: string): Moment | undefined => {
    const value = map.get(`revoked/${id}`);
    return typeof value === 'string' ? value : undefined;
  };
  function briefly(key: string): IssuedRow | undefined {
    const { owner = '', about, said } = row(key) ?? {};
    const secret = keys.byPseudonym(owner);
    if (about === undefined || said === undefined || secret === undefined) return undefined;
    const since = revokedAt(about.id);
    return {
      ...about,
      ...unseal<Pick<IssuedRow, 'bearer'>>(secret, said),
      ...present({ revokedAt: since }),
    };
  }
  function linked<T>(prefix: string, read: (key: string) => T | undefined): T[] {
    const found: T[] = [];
    for (const { value } of map.getRange({ start: prefix, end: `${prefix}~` })) {
      const one = typeof value === 'string' ? read(value) : undefined;
      if (one !== undefined) found.push(one);
    }
    return found.reverse();
  }
  /** Newest first: a link holds its time. */
  function under<T>(kind: string, subject: SubjectKey, read: (key: string) => T | undefined): readonly T[] {
    latest();
    const name = keys.get(subject)?.pseudonym;
    return name === undefined ? [] : linked(`${kind}/${name}/`, read);
  }

  const placed = (id: string) => ({ start: `place/${id}/`, end: `place/${id}/~` });

  return {
    putReport(issued, codeHash, keptUntil) {
      const { id, model, document, issuer } = issued;
      const about: IssuedRow = {
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
      };
      put(
        `report/${id}`,
        issuer,
        issued,
        keptUntil,
        [`code/${codeHash}`, `of/${secretOf(issuer).pseudonym}/${model.issuedAt}/${id}`],
        about,
        (before) => ({
          ...before,
          issued: before.issued + 1,
          certificates: before.certificates + model.subjects.length * model.domains.length,
        }),
      );
    },
    report(id) {
      latest();
      return ID.test(id) ? opened<Issued>(`report/${id}`) : undefined;
    },
    byCode(hash) {
      latest();
      const key = map.get(`code/${hash}`);
      return typeof key === 'string' ? opened<Issued>(key) : undefined;
    },
    keptUntil: (id) => row(`report/${id}`)?.until,
    reportsOf: (subject) => under('of', subject, briefly),
    putAuthorisation(one, keptUntil) {
      const { id, from, to, recordedAt } = one;
      put(`authorisation/${id}`, from, one, keptUntil, [
        `given/${secretOf(from).pseudonym}/${recordedAt}/${id}`,
        `received/${secretOf(to).pseudonym}/${recordedAt}/${id}`,
      ]);
    },
    authorisation: (id) => (ID.test(id) ? opened<Authorisation>(`authorisation/${id}`) : undefined),
    given: (from) => under('given', from, (key) => opened<Authorisation>(key)),
    received: (to) => under('received', to, (key) => opened<Authorisation>(key)),
    putInvitation(one, keptUntil) {
      const { id, from, to, invitedAt } = one;
      put(`invitation/${id}`, from, one, keptUntil, [
        `invited/${secretOf(from).pseudonym}/${invitedAt}/${id}`,
        `inviting/${secretOf(to).pseudonym}/${invitedAt}/${id}`,
      ]);
    },
    invitation: (id) => (ID.test(id) ? opened<Invitation>(`invitation/${id}`) : undefined),
    invited: (from) => under('invited', from, (key) => opened<Invitation>(key)),
    inviting: (to) => under('inviting', to, (key) => opened<Invitation>(key)),
    putPlace: (id, { list, index }) =>
      env.writeSync(() => {
        if (!ID.test(id) || row(`report/${id}`) === undefined || revokedAt(id) !== undefined) return false;
        map.putSync(`place/${id}/${String(list)}/${String(index)}`, '');
        return true;
      }),
    revoke: (id, at) =>
      env.writeSync(() => {
        if (!ID.test(id) || row(`report/${id}`) === undefined) return undefined;
        const first = revokedAt(id) ?? at;
        map.putSync(`revoked/${id}`, first);
        const places = [...map.getKeys(placed(id))].map((key): StatusPlace => {
          const [list = 0, index = 0] = key.split('/').slice(2).map(Number);
          return { list, index };
        });
        return { revokedAt: first, places };
      }),
    revokedAt(id) {
      latest();
      return revokedAt(id);
    },
    revocations: () => map.getKeysCount({ start: 'revoked/', end: 'revoked/~' }),
    async verified(outcome) {
      await env.write(() => {
        const before = numbers();
        map.putSync(NUMBERS, { ...before, verified: { ...before.verified, [outcome]: before.verified[outcome] + 1 } });
      });
    },
    numbers,
    sweep(now) {
      return env.writeSync(() => {
        const over: [string, Row][] = [];
        for (const kind of ['report', 'authorisation', 'invitation']) {
          for (const { key, value } of map.getRange({ start: `${kind}/`, end: `${kind}/~` }))
            if (typeof value === 'object' && 'until' in value && value.until < now) over.push([key, value]);
        }
        for (const [key, { links }] of over) {
          const id = key.slice(key.indexOf('/') + 1);
          for (const one of [key, ...links, `revoked/${id}`, ...map.getKeys(placed(id))]) map.removeSync(one);
        }
        return over.length;
      });
    },
    async close() {
      await env.close();
      await keys.close();
    },
  };
}
