/** Compares claims with what the view holds of a subject. The values are made here and go nowhere. */
import { YitongError } from '../../../../contracts/errors.js';
import { type FieldPath, fieldPath, type SubjectKey } from '../../../../contracts/ids.js';
import type { Workspace } from '../../../../contracts/types.js';
import { Out, projectionCache } from '../../../answer/projection/index.js';
import type { Plan } from '../../../answer/question/plan.js';
import type { freshness } from '../../../answer/question/status.js';
import { partsOf, valuesAt } from '../../../answer/question/values-at-path.js';
import type { ViewReading } from '../../../answer/view/port.js';
import type { Ready } from './claims.js';
import { compared } from './compare.js';
import type { Result } from './schema.js';

export interface Verified {
  readonly result: Result;
  readonly reason?: string;
  /** `,"status":…` and the source time, of a dataset that was read; else empty. */
  readonly json: string;
}

/** @returns each claim's result in order, and the records compared of each of the plan's allowed datasets */
export function claimReader(fresh: ReturnType<typeof freshness>, workspace: Pick<Workspace, 'schemasById'>) {
  const scratch = new Out(16 * 1024);
  const projections = projectionCache(1000);
  return (
    /** In place, or what was fetched for the subject. */
    view: ViewReading,
    claims: readonly Ready[],
    plan: Plan,
    subject: SubjectKey,
    now: number,
  ): { results: Verified[]; records: number[] } => {
    // freshness before records: a watermark may be older than what is read, never younger
    const states = plan.read.map(({ contract }) => fresh(contract, now, view, subject));
    const asked = claims.map((claim) =>
      claim.kind === 'compare'
        ? { ...claim, parts: partsOf(claim.path), compare: compared(claim.value, claim.normal), found: false }
        : claim,
    );
    const wanted = plan.read
      .map((allowed, index) => ({
        allowed,
        index,
        claims: asked.flatMap((claim) => (claim.kind === 'compare' && claim.dataset === index ? [claim] : [])),
      }))
      .filter((one) => one.claims.length > 0);
    const paths = wanted.map((one): FieldPath[] => [...new Set(one.claims.map(({ path }) => path))].map(fieldPath));
    const records = plan.read.map(() => 0);
    const outcomes = view.read(
      subject,
      wanted.map(({ allowed }) => allowed.contract.id),
      { kind: 'now' },
      (i, version) => {
        const dataset = wanted[i];
        const schema = workspace.schemasById.get(version.schemaId);
        if (dataset === undefined || schema === undefined || schema.contract.id !== dataset.allowed.contract.id)
          throw new YitongError('internal', 'the view answered for a dataset that was not asked');
        if (!dataset.allowed.rows(subject, version)) return;
        records[dataset.index]!++;
        scratch.pos = 0;
        projections.get(schema.version, paths[i] ?? []).write(version.bytes, version.start, version.end, scratch);
        const record: unknown = JSON.parse(scratch.written().toString('utf8'));
        // every claim with every record, whatever was found before: the time tells how many records there are, not what
        // is in them
        for (const claim of dataset.claims)
          claim.found = claim.compare.with(valuesAt(record, claim.parts)) || claim.found;
      },
    );
    // what was read is not left lying in memory that the next answer reuses
    scratch.buf.fill(0);
    const outcomeOf = new Map(wanted.map(({ index }, i) => [index, outcomes[i]]));
    const results = asked.map((claim): Verified => {
      if (claim.kind === 'not_answered') return { result: 'not_answered', reason: claim.reason, json: '' };
      const state = states[claim.dataset];
      const outcome = outcomeOf.get(claim.dataset);
      if (state === undefined || outcome === undefined)
        throw new YitongError('internal', 'the view left out a dataset');
      if (outcome !== 'ok') return { result: 'not_answered', reason: outcome, json: '' };
      const json = `,"status":"${state.status}"${state.json}`;
      if (records[claim.dataset] === 0) {
        // "none on record" is only said of a current dataset
        return state.status === 'current'
          ? { result: 'no_record', json }
          : { result: 'not_answered', reason: state.status, json };
      }
      return { result: claim.found ? 'match' : 'mismatch', json };
    });
    return { results, records };
  };
}
