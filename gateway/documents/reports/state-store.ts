/**
 * Issued reports and recorded authorisations in the state that all replicas share: a report's content, what a list says
 * of it, and what became of it are three documents, so that none is read for the sake of another. What they say stands
 * under keys that the replicas share; of a code only its hash is there.
 */
import { randomBytes } from 'node:crypto';
import type { SubjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { asJson } from '../../ground/state/as-json.js';
import { endDocuments, endLink } from '../../ground/state/ending.js';
import type { Change, State, StateDocument } from '../../ground/state/port.js';
import { transact } from '../../ground/state/transact.js';
import { NONCE_BYTES, seal, unseal } from '../../log/entries/seal.js';
import { type KeysWhenNeeded, sharedKeysWhenNeeded } from '../../log/entries/sealing-keys.js';
import type { Moment } from '../model/model.js';
import type { StatusPlace } from '../model/status.js';
import type { Authorisation, Invitation } from './authorisation.js';
import {
  type Issued,
  type IssuedRow,
  isReportId,
  type Numbers,
  OUTCOMES,
  type Outcome,
  type ReportStore,
  type Revoked,
  rowOf,
} from './store.js';

const REPORT = 'report';
const ROW = 'report-row';
const MARKS = 'report-marks';
const AUTHORISATION = 'authorisation';
const INVITATION = 'invitation';

/** What stands under a subject's key. */
interface Sealed {
  readonly enc: string;
}
/** What a list says of a report: `about` in the open, what the company wrote itself under its key. */
interface Row {
  readonly about: Omit<IssuedRow, 'bearer' | 'revokedAt'>;
  readonly said: string;
}
/** What became of a report. */
interface Marks {
  /** ms since 1970 */
  readonly until: number;
  readonly revokedAt?: Moment;
  readonly places: readonly StatusPlace[];
}

/** What a report is made of. */
export interface ReportDocuments {
  readonly id: string;
  readonly owner: string;
  /** The report itself, under its company's key. */
  readonly enc: string;
  /** `code/<hash>`, and `of/<company>/<time>/<id>` */
  readonly links: readonly string[];
  readonly row?: Row;
  readonly marks: Marks;
}

export function reportDocuments({ id, owner, enc, links, row, marks }: ReportDocuments): readonly Change[] {
  const [codes, lists] = [
    links.filter((link) => link.startsWith('code/')),
    links.filter((link) => link.startsWith('of/')),
  ];
  return [
    { do: 'put', kind: REPORT, id, version: 0, owner, links: [...codes, endLink(marks.until + 1)], body: { enc } },
    ...(row === undefined ? [] : [{ do: 'put', kind: ROW, id, owner, links: lists, body: asJson(row) } as const]),
    { do: 'put', kind: MARKS, id, owner, body: asJson(marks) },
  ];
}

const ISSUED = 'reports/issued';
const CERTIFICATES = 'reports/certificates';
const REVOKED = 'reports/revoked';
const verifiedCounter = (outcome: Outcome): string => `reports/verified/${outcome}`;
/** Documents of one page. */
const PAGE = 500;

export const reportsIn = (state: State): ReportStore => new StateReportStore(state);

class StateReportStore implements ReportStore {
  readonly #state: State;
  readonly #keys: KeysWhenNeeded;

  constructor(state: State) {
    this.#state = state;
    this.#keys = sharedKeysWhenNeeded(state);
  }

  // reports

  async putReport(issued: Issued, codeHash: string, keptUntil: number): Promise<void> {
    const { id, issuer, model } = issued;
    const { bearer, ...about } = rowOf(issued, keptUntil);
    const { pseudonym: owner, sealed } = await this.#under(issuer);
    const marks: Marks = { until: keptUntil, places: [] };
    const row: Row = { about, said: sealed({ bearer }) };
    const links = [`code/${codeHash}`, `of/${owner}/${model.issuedAt}/${id}`];
    await this.#state.commit([
      ...reportDocuments({ id, owner, enc: sealed(issued), links, row, marks }),
      { do: 'count', counter: ISSUED, by: 1 },
      { do: 'count', counter: CERTIFICATES, by: about.subjects * about.domains },
    ]);
  }

  report(id: string): Promise<Issued | undefined> {
    return this.#one<Issued>(REPORT, id);
  }

  async byCode(codeHash: string): Promise<Issued | undefined> {
    const link = `code/${codeHash}`;
    const [found] = (await this.#state.documents(REPORT, { link, limit: 1 })).documents;
    return found?.links.includes(link) === true ? this.#opened<Issued>(found) : undefined;
  }

  async keptUntil(id: string): Promise<number | undefined> {
    return (await this.#marks(id))?.until;
  }

  async reportsOf(subject: SubjectKey): Promise<readonly IssuedRow[]> {
    const rows = await this.#linkedTo(ROW, 'of', subject);
    const marks = await this.#marksOf(rows.map(({ id }) => id));
    const listed = await Promise.all(rows.map((row) => this.#listed(row, marks.get(row.id))));
    return listed.filter((row) => row !== undefined);
  }

  /** Undefined where the company was erased. */
  async #listed({ owner, body }: StateDocument, marks: Marks | undefined): Promise<IssuedRow | undefined> {
    const { about, said } = body as unknown as Row;
    const secret = await (await this.#keys()).byPseudonym(owner ?? '');
    if (secret === undefined) return undefined;
    const { revokedAt } = marks ?? {};
    return { ...about, ...unseal<Pick<IssuedRow, 'bearer'>>(secret, said), ...present({ revokedAt }) };
  }

  // authorisations and invitations

  async putAuthorisation(authorisation: Authorisation, keptUntil: number): Promise<void> {
    const { id, from, to, recordedAt } = authorisation;
    await this.#put(AUTHORISATION, id, from, authorisation, keptUntil, [
      `given/${await this.#nameOf(from)}/${recordedAt}/${id}`,
      `received/${await this.#nameOf(to)}/${recordedAt}/${id}`,
    ]);
  }

  authorisation(id: string): Promise<Authorisation | undefined> {
    return this.#one<Authorisation>(AUTHORISATION, id);
  }

  given(from: SubjectKey): Promise<readonly Authorisation[]> {
    return this.#openedOf<Authorisation>(AUTHORISATION, 'given', from);
  }

  received(to: SubjectKey): Promise<readonly Authorisation[]> {
    return this.#openedOf<Authorisation>(AUTHORISATION, 'received', to);
  }

  async putInvitation(invitation: Invitation, keptUntil: number): Promise<void> {
    const { id, from, to, invitedAt } = invitation;
    await this.#put(INVITATION, id, from, invitation, keptUntil, [
      `invited/${await this.#nameOf(from)}/${invitedAt}/${id}`,
      `inviting/${await this.#nameOf(to)}/${invitedAt}/${id}`,
    ]);
  }

  invitation(id: string): Promise<Invitation | undefined> {
    return this.#one<Invitation>(INVITATION, id);
  }

  invited(from: SubjectKey): Promise<readonly Invitation[]> {
    return this.#openedOf<Invitation>(INVITATION, 'invited', from);
  }

  inviting(to: SubjectKey): Promise<readonly Invitation[]> {
    return this.#openedOf<Invitation>(INVITATION, 'inviting', to);
  }

  // revocation

  putPlace(id: string, place: StatusPlace): Promise<boolean> {
    return this.#changeMarks(id, (marks) =>
      marks === undefined || marks.revokedAt !== undefined
        ? { result: false }
        : { result: true, marks: { ...marks, places: [...marks.places, place] } },
    );
  }

  revoke(id: string, at: Moment): Promise<Revoked | undefined> {
    return this.#changeMarks<Revoked | undefined>(id, (marks) => {
      if (marks === undefined) return { result: undefined };
      const { revokedAt, places } = marks;
      if (revokedAt !== undefined) return { result: { revokedAt, places } };
      return { result: { revokedAt: at, places }, marks: { ...marks, revokedAt: at }, counter: REVOKED };
    });
  }

  async revokedAt(id: string): Promise<Moment | undefined> {
    return (await this.#marks(id))?.revokedAt;
  }

  revocations(): Promise<number> {
    return this.#state.counter(REVOKED);
  }

  /** @param decide what becomes of the marks; absent: they stay as they are */
  async #changeMarks<T>(
    id: string,
    decide: (marks: Marks | undefined) => { readonly result: T; readonly marks?: Marks; readonly counter?: string },
  ): Promise<T> {
    const { result } = await transact(this.#state, async (transaction) => {
      const found = isReportId(id) ? await transaction.document(MARKS, id) : undefined;
      const decided = decide(found?.body as Marks | undefined);
      if (found !== undefined && decided.marks !== undefined)
        transaction.put({
          kind: MARKS,
          id,
          links: found.links,
          body: asJson(decided.marks),
          ...present({ owner: found.owner }),
        });
      if (decided.counter !== undefined) transaction.also({ do: 'count', counter: decided.counter, by: 1 });
      return decided.result;
    });
    return result;
  }

  async #marks(id: string): Promise<Marks | undefined> {
    return isReportId(id) ? ((await this.#state.document(MARKS, id))?.body as Marks | undefined) : undefined;
  }

  async #marksOf(ids: readonly string[]): Promise<ReadonlyMap<string, Marks>> {
    const found = new Map<string, Marks>();
    for (let at = 0; at < ids.length; at += PAGE)
      for (const { id, body } of await this.#state.documentsById(MARKS, ids.slice(at, at + PAGE)))
        found.set(id, body as unknown as Marks);
    return found;
  }

  // numbers, and the end of what is past its time

  async verified(outcome: Outcome): Promise<void> {
    await this.#state.commit([{ do: 'count', counter: verifiedCounter(outcome), by: 1 }]);
  }

  async numbers(): Promise<Numbers> {
    const counts = await this.#state.counters('reports/');
    const of = (counter: string): number => counts.get(counter) ?? 0;
    const verified = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, of(verifiedCounter(outcome))]));
    return {
      issued: of(ISSUED),
      certificates: of(CERTIFICATES),
      verified: verified as Record<Outcome, number>,
    };
  }

  async sweep(now: number): Promise<number> {
    const wholeReport = ({ id, version }: StateDocument): readonly Change[] => [
      { do: 'remove', kind: REPORT, id, version },
      { do: 'remove', kind: ROW, id },
      { do: 'remove', kind: MARKS, id },
    ];
    const reports = await endDocuments(this.#state, REPORT, now, wholeReport);
    const authorisations = await endDocuments(this.#state, AUTHORISATION, now);
    return reports + authorisations + (await endDocuments(this.#state, INVITATION, now));
  }

  close(): Promise<void> {
    return this.#keys.close();
  }

  // documents under the key of their subject, and the links by which they are found

  async #under(subject: string): Promise<{ readonly pseudonym: string; readonly sealed: (value: object) => string }> {
    const secret = await (await this.#keys()).secretOf(subject);
    const sealed = (value: object): string =>
      seal(secret, randomBytes(NONCE_BYTES), Buffer.from(JSON.stringify(value)));
    return { pseudonym: secret.pseudonym, sealed };
  }

  async #nameOf(subject: string): Promise<string> {
    return (await this.#under(subject)).pseudonym;
  }

  async #put(
    kind: string,
    id: string,
    subject: SubjectKey,
    content: object,
    until: number,
    links: readonly string[],
  ): Promise<void> {
    const { pseudonym: owner, sealed } = await this.#under(subject);
    await this.#state.commit([
      { do: 'put', kind, id, owner, links: [...links, endLink(until + 1)], body: { enc: sealed(content) } },
    ]);
  }

  async #one<T>(kind: string, id: string): Promise<T | undefined> {
    const found = isReportId(id) ? await this.#state.document(kind, id) : undefined;
    return found === undefined ? undefined : this.#opened<T>(found);
  }

  /** Undefined where the subject was erased. */
  async #opened<T>({ owner, body }: StateDocument): Promise<T | undefined> {
    const secret = await (await this.#keys()).byPseudonym(owner ?? '');
    return secret === undefined ? undefined : unseal<T>(secret, (body as unknown as Sealed).enc);
  }

  async #openedOf<T>(kind: string, relation: string, subject: SubjectKey): Promise<readonly T[]> {
    const found = await this.#linkedTo(kind, relation, subject);
    const opened = await Promise.all(found.map((one) => this.#opened<T>(one)));
    return opened.filter((one) => one !== undefined);
  }

  /** Newest first: a link holds its time. */
  async #linkedTo(kind: string, relation: string, subject: SubjectKey): Promise<readonly StateDocument[]> {
    const name = (await (await this.#keys()).find(subject))?.pseudonym;
    if (name === undefined) return [];
    const found: StateDocument[] = [];
    let after: string | undefined;
    do {
      const link = `${relation}/${name}/`;
      const page = await this.#state.documents(kind, { link, limit: PAGE, descending: true, ...present({ after }) });
      found.push(...page.documents);
      after = page.next;
    } while (after !== undefined);
    return found;
  }
}
