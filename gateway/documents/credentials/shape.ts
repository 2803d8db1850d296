/** What a credential of a report says: the claims that every verifier sees, and what each disclosure holds. */

import { type Static, Type } from 'typebox';
import { present } from '../../../contracts/present.js';
import { shape } from '../../../contracts/validate.js';
import { sectionDigest } from '../compute/digest.js';
import type { ReportDomain, ReportModel, ReportRecord, ReportSection } from '../model/model.js';

/** `vct` of every credential of a report, whoever issues it. */
export const VCT = 'urn:yitong:report:1';
export const TYP = 'dc+sd-jwt';
/** Of the holder's proof (RFC 9901, section 4.3). */
export const PROOF_TYPE = 'kb+jwt';
export const HASH = 'sha-256';

/**
 * `<subject's index>:<domain's id>`: the name under which a section is disclosed. It tells no position of the domain.
 */
export const sectionName = (subject: number, domain: string): string => `${String(subject)}:${domain}`;

/** Undefined for a disclosure that is no section. */
export function sectionParts(name: string): { readonly subject: number; readonly domain: string } | undefined {
  const [, subject, domain] = /^(\d+):(.+)$/s.exec(name) ?? [];
  return subject === undefined || domain === undefined ? undefined : { subject: Number(subject), domain };
}

/** A section as it is disclosed: with its domain, without the index that would tell how many there are. */
export type DisclosedSection = Omit<ReportSection, 'domain' | 'salt' | 'digest'> & { readonly domain: ReportDomain };

/** What only the whole report needs, to be written down again as it was: a disclosure of its own. */
export interface Whole {
  /** Ids, in the report's order. */
  readonly domains: readonly string[];
  /** Of each section, in the report's order. */
  readonly salts: readonly string[];
}

const text = Type.String({ minLength: 1 });
const localised = Type.Object({ zh: Type.String(), en: Type.String() }, { additionalProperties: false });
const closed = { additionalProperties: false } as const;
const digests = Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }));
const when = Type.Integer({ minimum: 0 });

const payload = Type.Object(
  {
    iss: text,
    vct: text,
    iat: when,
    nbf: when,
    exp: when,
    cnf: Type.Optional(Type.Object({ jwk: Type.Object({ kty: text, crv: text, x: text, y: text }, closed) }, closed)),
    status: Type.Object({ status_list: Type.Object({ idx: when, uri: text }, closed) }, closed),
    _sd_alg: text,
    _sd: digests,
    report: text,
    definition: text,
    title: localised,
    authority: localised,
    synthetic: Type.Boolean(),
    issued_at: text,
    cut: Type.Object({ time: text, digest: text }, closed),
    range: Type.Object({ from: text, to: text }, closed),
    purpose: Type.Object({ id: text, name: localised }, closed),
    bearer: Type.String(),
    subjects: Type.Array(
      Type.Object(
        {
          subject: text,
          name: Type.String(),
          relation: Type.Enum(['self', 'parent', 'subsidiary', 'branch', 'shareholder', 'named']),
          of: Type.Optional(when),
        },
        closed,
      ),
      { minItems: 1 },
    ),
    left_out: Type.Optional(
      Type.Array(
        Type.Object(
          {
            subject: text,
            name: Type.String(),
            relation: Type.Enum(['self', 'parent', 'subsidiary', 'branch', 'shareholder', 'named']),
          },
          closed,
        ),
        { minItems: 1 },
      ),
    ),
    notes: Type.Array(localised),
    sections: Type.Object({ _sd: digests }, closed),
  },
  closed,
);
export type Payload = Static<typeof payload>;
/** @throws YitongError `credential_malformed` */
export const checkPayload = shape<Payload>(payload, 'credential_malformed');

const day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
const section = Type.Object(
  {
    subject: when,
    domain: Type.Object({ id: text, title: localised }, closed),
    state: Type.Enum(['none', 'records', 'at_least', 'not_answered']),
    records: Type.Array(
      Type.Object(
        {
          kind: Type.Enum(['penalty', 'measure', 'dishonesty']),
          dataset: text,
          register: Type.Optional(localised),
          authority: localised,
          facts: Type.Array(
            Type.Object({ field: text, title: localised, value: Type.Union([Type.String(), localised]) }, closed),
          ),
          endedOn: Type.Optional(day),
          reportableUntil: Type.Optional(day),
          displayed: Type.Boolean(),
          marks: Type.Array(Type.Enum(['objection', 'correction'])),
          version: text,
        },
        closed,
      ),
    ),
    missing: Type.Array(Type.Object({ authority: text, name: localised, since: Type.Optional(text) }, closed)),
    asOf: Type.Optional(text),
    marks: Type.Optional(Type.Array(Type.Enum(['objection']))),
  },
  closed,
);
/** @throws YitongError `credential_malformed` */
export const checkSection = shape<DisclosedSection>(section, 'credential_malformed');
export const checkWhole = shape<Whole>(
  Type.Object({ domains: Type.Array(text), salts: Type.Array(text) }, closed),
  'credential_malformed',
);

/**
 * The claims of a model that every verifier sees. Notes among them: without them what is shown would be taken for more
 * than it is.
 */
export function openClaims({
  report,
  definition,
  title,
  issuer,
  synthetic,
  issuedAt,
  cut,
  range,
  purpose,
  bearer,
  subjects,
  leftOut,
  notes,
}: ReportModel) {
  return {
    report,
    definition,
    title,
    authority: issuer,
    synthetic,
    issued_at: issuedAt,
    cut,
    range,
    purpose,
    bearer,
    subjects,
    ...present({ left_out: leftOut }),
    notes,
  };
}

export function disclosedSection(model: ReportModel, section: ReportSection): DisclosedSection {
  const { domain, salt: _salt, digest: _digest, ...said } = section;
  const { id, title } = model.domains[domain] as ReportDomain;
  return { ...said, domain: { id, title } };
}

/**
 * The model again, from all that a credential says.
 * @returns undefined unless every section and their order were disclosed
 */
export function modelOf(
  claims: Payload,
  sections: readonly DisclosedSection[],
  whole: Whole | undefined,
): ReportModel | undefined {
  if (whole === undefined) return undefined;
  const byName = new Map(sections.map((one) => [sectionName(one.subject, one.domain.id), one]));
  const domains = whole.domains.map((id) => byName.get(sectionName(0, id))?.domain);
  const made: ReportSection[] = [];
  for (const subject of claims.subjects.keys()) {
    for (const [domain, id] of whole.domains.entries()) {
      const found = byName.get(sectionName(subject, id));
      const salt = whole.salts[made.length];
      if (found === undefined || salt === undefined) return undefined;
      const { domain: _domain, ...said } = found;
      const body = { ...said, subject, domain, records: said.records as readonly ReportRecord[] };
      made.push({ ...body, salt, digest: sectionDigest(salt, body) });
    }
  }
  const {
    report,
    definition,
    title,
    authority,
    synthetic,
    issued_at,
    cut,
    range,
    purpose,
    bearer,
    subjects,
    left_out: leftOut,
    notes,
  } = claims;
  return {
    format: 'yitong-report/1',
    report,
    definition,
    title,
    issuer: authority,
    synthetic,
    issuedAt: issued_at,
    cut,
    range,
    purpose,
    bearer,
    subjects: subjects as ReportModel['subjects'],
    domains: domains as readonly ReportDomain[],
    ...present({ leftOut }),
    sections: made,
    notes,
  };
}
