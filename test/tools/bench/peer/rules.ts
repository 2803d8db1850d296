/**
 * Who may have what, as a department would write it for itself: one grant a client, purpose and dataset, and Cedar
 * asked about each classification that the grant touches. The content is the workspace's own, so that the answers are.
 * A grant that this does not carry (other forms than values, some rows only) grants nothing here.
 */
import type { Contract, Workspace } from '../../../../contracts/types.js';
import type { CedarEngine } from '../../../../policies/cedar.js';
import { endOfDay, startOfDay } from '../../../../policies/dates.js';
import { engineOf } from '../../../../policies/decide.js';
import { type GrantedFields, grantedFields } from '../../../../policies/fields.js';
import type { Client, Grant, PolicySet } from '../../../../policies/types.js';
import { type Asked, type Ruling, selectionOf } from './answer.js';

interface Held {
  readonly grant: Grant;
  readonly contract: Contract;
  readonly fields: GrantedFields;
}

/** ms: how long a denial is kept. */
const DENIAL = 60_000;

export class Rules {
  readonly #held = new Map<string, Held[]>();
  readonly #engine: CedarEngine;

  constructor(
    readonly workspace: Workspace,
    readonly policies: PolicySet,
  ) {
    this.#engine = engineOf(policies);
    for (const grant of policies.grants.values()) {
      const contract = workspace.contracts.get(grant.dataset);
      if (contract === undefined || contract.sharing.attribute === 'none' || contract.notGiven !== undefined) continue;
      if (grant.rows.kind !== 'all' || grant.fields.some(({ as }) => as !== 'value')) continue;
      if (grant.status !== 'active' || !grant.delivery.includes('query')) continue;
      const key = `${grant.client} ${grant.dataset}`;
      this.#held.set(key, [
        ...(this.#held.get(key) ?? []),
        { grant, contract, fields: grantedFields(grant, contract) },
      ]);
    }
  }

  /** @param now ms since 1970 */
  rule(client: Client, { purpose, case: stated = {} }: Asked, asked: Asked['datasets'][number], now: number): Ruling {
    const deny = (reason: string): Ruling => ({ id: asked.id, until: now + DENIAL, reason });
    const held = this.#held
      .get(`${client.id} ${asked.id}`)
      ?.find(
        ({ grant }) =>
          grant.purposes.some((one) => one === purpose) && now >= startOfDay(grant.from) && now < endOfDay(grant.until),
      );
    if (held === undefined || client.status !== 'active') return deny('not_granted');
    const { grant, contract, fields } = held;
    if (grant.requires.some((part) => (stated[part] ?? '') === '')) return deny('case_required');
    const permitted = new Map<string, boolean>();
    const may = (classification: string): boolean => {
      let known = permitted.get(classification);
      if (known === undefined)
        permitted.set(classification, (known = this.#ask(client, purpose, stated, held, classification)));
      return known;
    };
    const withheld: { field: string; reason: string }[] = [];
    const wanted =
      asked.fields?.flatMap((field) => {
        const leaves = fields.asked.get(field);
        if (leaves === undefined) withheld.push({ field, reason: 'field_not_granted' });
        return leaves ?? [];
      }) ?? fields.leaves;
    const released: string[] = [];
    for (const { path, classification } of new Set(wanted)) {
      if (may(classification)) released.push(path);
      else withheld.push({ field: path, reason: 'field_not_permitted' });
    }
    if (released.length === 0)
      return deny(withheld.some(({ reason }) => reason === 'field_not_permitted') ? 'policy' : 'field_not_granted');
    return {
      id: asked.id,
      until: endOfDay(grant.until),
      reason: undefined,
      contract,
      grant: grant.id,
      fields: released,
      selection: selectionOf(released),
      withheld,
    };
  }

  #ask(
    client: Client,
    purpose: string,
    stated: NonNullable<Asked['case']>,
    held: Held,
    classification: string,
  ): boolean {
    const { grant, contract } = held;
    return this.#engine.evaluate({
      client: client.id,
      authority: client.authority,
      action: 'query',
      dataset: contract.id,
      resource: {
        authority: contract.authority,
        sharing: contract.sharing.attribute,
        persons: contract.subject.persons,
        grade: contract.grading.grade,
        category: contract.grading.category,
        classification,
        kind: contract.kind,
        domains: contract.domains,
      },
      context: {
        purpose,
        purposeBasis: [...this.policies.purposes.values()].find(({ id }) => id === purpose)?.legalBasis ?? [],
        legalBasis: grant.legalBasis,
        grant: grant.id,
        rows: grant.rows.kind,
        notice: grant.subjectNotice.mode,
        hasItem: (stated.item ?? '') !== '',
        hasCase: (stated.caseId ?? '') !== '',
        hasActor: (stated.actor ?? '') !== '',
      },
    }).permitted;
  }
}
