/**
 * The sandbox: a question decided by the policies and grants in force, answered by the same projections, over invented
 * records, in a log of its own. It is given neither the view, the bus, the journal nor any counter of the installation.
 */

import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Localised, Workspace } from '../../../contracts/types.js';
import type { Client } from '../../../policies/types.js';
import { DIGEST_TO_COME } from '../../log/entries/answer-digest.js';
import type { InForce } from '../inforce/snapshot.js';
import { answerBuilder } from '../question/build.js';
import { momentaryCursors } from '../question/cursors.js';
import { denialText } from '../question/denial.js';
import { type Plan, Plans } from '../question/plan.js';
import { withReceipt } from '../question/receipt.js';
import { type Asked, checkScheme, parseSubject, sealedOf } from '../question/request.js';
import { freshness } from '../question/status.js';
import { type SandboxEntry, SandboxLog } from './log.js';
import { sandboxView } from './view.js';

export interface SandboxQuestion extends Asked {
  /** `scheme:key` */
  readonly subject: string;
  readonly dryRun?: boolean;
}

interface SandboxAnswer {
  readonly plan: Plan;
  /** Whether anything of it was allowed. */
  readonly allowed: boolean;
  /** With the promise as its last member. */
  readonly body: Buffer;
  readonly entry: SandboxEntry;
}

interface SandboxNeeds {
  readonly workspace: Workspace;
  readonly inForce: () => Pick<InForce, 'decider' | 'policies' | 'purposes'>;
  readonly origin: string;
  readonly maxRecords: number;
  readonly now: () => number;
}

export class Sandbox {
  readonly #needs: SandboxNeeds;
  readonly #view: ReturnType<typeof sandboxView>;
  readonly #log: SandboxLog;
  readonly #plans: Plans;
  readonly #build: ReturnType<typeof answerBuilder>;

  constructor(needs: SandboxNeeds) {
    const { workspace, inForce, now, maxRecords, origin } = needs;
    this.#needs = needs;
    this.#view = sandboxView(workspace, now);
    this.#log = new SandboxLog(origin);
    this.#plans = new Plans({
      workspace,
      inForce,
      delivery: 'query',
      closing: { hidden: () => undefined, now },
      uncounted: true,
    });
    this.#build = answerBuilder(freshness(this.#view.reading), maxRecords, momentaryCursors());
  }

  get subjects(): readonly { readonly subject: SubjectKey; readonly scheme: string; readonly title: Localised }[] {
    return this.#view.subjects;
  }

  get origin(): string {
    return this.#log.origin;
  }

  /**
   * @param dryRun what a dry run answers, if that is asked
   * @throws YitongError `not_in_sandbox` for any subject that is not invented, whether or not it is on record
   * somewhere; as `POST /v1/query` otherwise
   */
  ask(
    client: Client,
    question: SandboxQuestion,
    requestId: string,
    dryRun: (plan: Plan, head: string) => Buffer,
  ): SandboxAnswer {
    const { workspace, now } = this.#needs;
    const started = now();
    const time = new Date(started).toISOString();
    const subject = parseSubject(question.subject, workspace.schemes);
    if (!this.subjects.some((one) => one.subject === subject))
      throw new YitongError('not_in_sandbox', 'the sandbox has invented subjects only; choose one of its list');
    const plan = this.#plans.for(client, question, started);
    const allowed = plan.read.length > 0;
    if (allowed) checkScheme(plan.contracts, subject);
    const head = `{"requestId":${JSON.stringify(requestId)},"time":"${time}","sandbox":true,`;
    const { body, counts } =
      question.dryRun === true
        ? { body: dryRun(plan, head), counts: plan.datasets.map(() => 0) }
        : allowed
          ? this.#build(
              this.#view.reading,
              head,
              question.datasets.map(() => ({})),
              plan,
              subject,
              { kind: 'now' },
              false,
              started,
            )
          : { body: Buffer.from(denialText(plan, requestId)), counts: plan.datasets.map(() => 0) };
    const entry = this.#log.append(
      {
        clear: plan.template({
          time,
          requestId,
          records: counts,
          bodySha256: DIGEST_TO_COME,
          bytes: body.length,
          ...present({ dryRun: question.dryRun }),
        }),
        subject: { subject, json: sealedOf(question.case, plan.unknown) },
        answer: body,
      },
      started,
    );
    return { plan, allowed, body: withReceipt(body, entry.receipt), entry };
  }
}
