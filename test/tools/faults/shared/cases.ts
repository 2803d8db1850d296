/**
 * A matter of two departments on two gateways: each step goes to either of them, again with the same key until it is
 * answered. In the end each step must stand in its case, once, at both.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Random } from '../random.js';
import { asked, type GatewayOfPair, READY_WITHIN } from './pair.js';

const BUNDLE = 'stall';
const COUNTER = 'one-stop-counter';
const DEPARTMENTS = { fire: 'fire-inspector', samr: 'food-inspector' } as const;

const title = (en: string) => ({ zh: '示例', en });
const form = {
  title: '申请表',
  type: 'object',
  required: ['wording', 'exits'],
  properties: {
    wording: { title: '名称', element: 'sign.wording' },
    exits: { title: '出口', element: 'fire.exits' },
  },
};
const item = (authority: string, more: object = {}) => ({
  title: title(authority),
  authority,
  basis: ['示例办法第一条（示例）'],
  term: { unit: 'working-days', days: 5, stops: true, basis: ['示例办法第二条（示例）'] },
  ...more,
});
const refused = (of: string, more: object = {}) => ({ title: title(of), kind: 'refused', item: of, ...more });

/** Files of the workspace, by their paths in it. It asks no register. */
export const caseContent: Readonly<Record<string, unknown>> = {
  [`contracts/bundles/${BUNDLE}/bundle.json`]: {
    title: title('stall'),
    summary: title('a stall is opened'),
    authority: 'samr',
    client: COUNTER,
    purpose: 'open-restaurant',
    applicant: 'company',
    basis: ['示例办法第一条（示例）'],
    reviewed: '2026-11-30',
    intents: { says: ['我想摆摊'], not: [{ says: '我想开一家工厂' }] },
    questions: {},
    items: { fire: item('fire'), stall: item('samr', { after: ['fire'] }) },
    materials: {},
    outcomes: {
      done: { title: title('done'), kind: 'done' },
      'fire-refused': refused('fire'),
      'stall-refused': refused('stall', { stands: ['fire'] }),
    },
    steps: {
      fill: { title: title('fill in'), uses: ['form', 'identity', 'signature'] },
      collect: { title: title('collect'), uses: ['collect'] },
    },
    usual: { answers: {} },
  },
  [`contracts/bundles/${BUNDLE}/forms/fire.json`]: form,
  [`contracts/bundles/${BUNDLE}/forms/stall.json`]: form,
};

/** Who does what, in this order, and how it is told afterwards. */
const COURSE: readonly (readonly [client: string, by: string, body: Readonly<Record<string, unknown>>])[] = [
  [COUNTER, 'applicant', { act: 'step', step: 'fill', port: 'identity', key: 'identity' }],
  [COUNTER, 'applicant', { act: 'save', values: { 'sign.wording': '好味', 'fire.exits': 1 }, key: 'first' }],
  [COUNTER, 'applicant', { act: 'save', values: { 'sign.wording': '好味餐馆', 'fire.exits': 2 }, key: 'second' }],
  [COUNTER, 'applicant', { act: 'step', step: 'fill', port: 'signature', key: 'signature' }],
  [COUNTER, 'applicant', { act: 'submit', key: 'submit' }],
  [DEPARTMENTS.fire, 'fire', { act: 'ask', item: 'fire', says: '请补充（示例）', fields: ['wording'], key: 'ask' }],
  [COUNTER, 'applicant', { act: 'give', item: 'fire', values: { 'sign.wording': '改正后的名称' }, key: 'give' }],
  [DEPARTMENTS.fire, 'fire', { act: 'grant', item: 'fire', key: 'fire' }],
  [DEPARTMENTS.samr, 'samr', { act: 'grant', item: 'stall', key: 'stall' }],
  [COUNTER, 'applicant', { act: 'step', step: 'collect', port: 'collect', key: 'collect' }],
];
const told = COURSE.map(([, by, { act }]) => `${by} ${String(act)}`);

interface CaseCounts {
  steps: number;
  /** Steps that were sent again, since nothing or no outcome was answered. */
  again: number;
}

interface CaseLoadOptions {
  readonly any: () => GatewayOfPair;
  readonly random: Random;
  readonly companies: readonly string[];
  readonly findings: string[];
  readonly onDone: (at: GatewayOfPair) => void;
}

export class CaseLoad {
  readonly #options: CaseLoadOptions;
  readonly #ended: { readonly id: string; readonly company: string }[] = [];
  readonly #seen = new Set<string>();
  readonly counts: CaseCounts = { steps: 0, again: 0 };
  #opened = 0;

  constructor(options: CaseLoadOptions) {
    this.#options = options;
  }

  get ended(): number {
    return this.#ended.length;
  }

  /** One case from its beginning to its end. */
  async one(): Promise<void> {
    const company = this.#options.random.pick(this.#options.companies);
    const key = `case ${String(++this.#opened)}`;
    const opened = await this.#insist(COUNTER, '/v1/cases', { bundle: BUNDLE, key }, company);
    if (opened === undefined) return;
    const { id } = JSON.parse(opened) as { readonly id: string };
    for (const [client, by, body] of COURSE) {
      const as = by === 'applicant' ? company : undefined;
      if ((await this.#insist(client, `/v1/cases/${id}`, body, as)) === undefined) return;
    }
    this.#ended.push({ id, company });
  }

  async #insist(client: string, path: string, body: object, as: string | undefined): Promise<string | undefined> {
    const { any, findings, onDone } = this.#options;
    const headers: Readonly<Record<string, string>> = as === undefined ? {} : { 'yitong-subject': as };
    for (const end = Date.now() + READY_WITHIN; ; ) {
      const at = any();
      const answer = await asked(at, client, { method: 'POST', path, body, headers });
      if (answer?.status === 200 || answer?.status === 201) {
        this.counts.steps++;
        onDone(at);
        return answer.text;
      }
      const passing =
        answer === undefined || [429, 503].includes(answer.status) || answer.text.includes('"ticket_moved"');
      if (passing && Date.now() < end) {
        this.counts.again++;
        await wait(40);
        continue;
      }
      findings.push(
        `a step of a case, ${JSON.stringify(body).slice(0, 80)} at ${at.name}: ` +
          `${String(answer?.status)} ${answer?.text.slice(0, 300) ?? 'no answer in time'}`,
      );
      return undefined;
    }
  }

  /** Cases that came to their end since it was asked last, at both. */
  async hold(gateways: readonly GatewayOfPair[], all = false): Promise<void> {
    const { findings } = this.#options;
    for (const { id, company } of this.#ended.filter((one) => all || !this.#seen.has(one.id))) {
      for (const at of gateways) {
        const path = `/v1/cases/${id}/events`;
        const answer = await asked(at, COUNTER, { path, headers: { 'yitong-subject': company } });
        // what is cut off by the next fault is looked at in the end
        if (!all && answer?.status !== 200) continue;
        const lines = (answer?.status === 200 ? answer.text : '').split('\n').filter((line) => line !== '');
        const found = lines
          .map((line) => JSON.parse(line) as { readonly by: string; readonly act: string })
          .filter(({ act }) => act !== 'open')
          .map(({ by, act }) => `${by} ${act}`);
        if (found.join() !== told.join())
          findings.push(
            `the case ${id} at ${at.name} has ${found.join()}, and had ${told.join()} (${String(answer?.status)})`,
          );
      }
      this.#seen.add(id);
    }
  }
}
