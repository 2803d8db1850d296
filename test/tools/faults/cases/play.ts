/**
 * People who apply and departments that decide, each of whom does again what was not answered, under the same key:
 * some over the API, one over the bus. What they meant to do is kept, and compared in the end.
 */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Bus, caseActsTopic, caseStepsTopic, caseTopicSpec } from '../../../../connectors/bus/port.js';
import { type ActRecord, decodeStep, encodeAct, type StepRecord } from '../../../../contracts/case-topics.js';
import uscc from '../../../../contracts/subjects/uscc.js';
import { type Client, connect, connectionOf, GatewayError, isTransient } from '../../../../gateway/client/index.js';
import type { Case, CaseAct } from '../../../../gateway/http/api/cases/client.js';
import { sealedTo } from '../../../procedures/cases/sealed.js';
import { BUNDLE, COUNTER, OVER_API, OVER_BUS } from './content.js';

const AGAIN = 40;
const PAUSE = 60;
/** ms after which something that is not answered is a finding. */
const MOST = 400_000;
/** ms that one request is waited for. */
const PATIENCE = 15_000;

/** What was meant, and what of it was answered. */
export interface Meant {
  /** Ids of the cases that were opened. */
  readonly cases: string[];
  /** `<case> <key>` of each act that was answered. */
  readonly answered: Set<string>;
  /** Ends of cases that were seen. */
  readonly over: Set<string>;
  /** What was answered otherwise than it may be. */
  readonly wrong: string[];
  /** What was not answered within the patience of a client, and was asked again. */
  readonly hung: string[];
}

export interface Playing {
  readonly api: string;
  readonly pki: string;
  readonly meant: Meant;
  /** No more cases are begun. */
  readonly noMore: AbortSignal;
  /** Everybody stops. */
  readonly signal: AbortSignal;
  /** An act that was begun then was answered. */
  readonly onAct: (begun: number) => void;
}

/** A number below `most` that is a case's own. */
const drawnFor = (id: string, what: string, most: number): number =>
  createHash('sha256').update(`${what} ${id}`).digest().readUInt32BE(0) % most;

/** Again and again until it is answered. @returns undefined where everybody stops, or it was answered as it may not be */
async function insist<T>(
  what: string,
  { meant, signal, onAct }: Playing,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const end = performance.now() + MOST;
  let last: unknown;
  while (!signal.aborted && performance.now() < end) {
    const begun = performance.now();
    try {
      const answer = await work();
      onAct(begun);
      return answer;
    } catch (error) {
      if (performance.now() - begun >= PATIENCE) meant.hung.push(what);
      last = error;
      if (error instanceof GatewayError && error.code !== 'ticket_moved' && !isTransient(error)) break;
    }
    await wait(AGAIN);
  }
  if (!signal.aborted) meant.wrong.push(`${what}: ${String(last)}`);
  return undefined;
}

async function act(
  client: Client,
  id: string,
  doing: CaseAct & { readonly key: string },
  playing: Playing,
  as?: string,
) {
  const options = as === undefined ? {} : { as };
  const done = await insist(`${doing.act} ${doing.item ?? ''}`, playing, () => client.actOnCase(id, doing, options));
  if (done !== undefined) playing.meant.answered.add(`${id} ${doing.key}`);
  return done;
}

/** What is next for who applies. */
function nextFor({ acts, items, phase }: Case): (CaseAct & { readonly key: string }) | undefined {
  const asked = items.find(({ status }) => status === 'supplement');
  if (asked !== undefined)
    return { act: 'give', item: asked.item, values: { 'shop.name': '改正后的名称' }, key: `give ${asked.item}` };
  const step = acts.find((one) => one.act === 'step');
  if (phase !== 'decided' || step?.step === undefined || step.port === undefined) return undefined;
  return { act: 'step', step: step.step, port: step.port as 'collect', key: `${step.step} ${step.port}` };
}

/** One case after another, each to its end. */
export async function applicant(number: number, playing: Playing): Promise<void> {
  const { api, pki, meant, noMore, signal } = playing;
  const client = connect(await connectionOf(api, pki, COUNTER), { timeoutMs: PATIENCE });
  const as = `uscc:${uscc.make(5000 + number)}`;
  try {
    for (let count = 0; !noMore.aborted && !signal.aborted; count++) {
      const opened = await insist('open', playing, () =>
        client.openCase({ bundle: BUNDLE, key: `${String(number)}.${String(count)}` }, { as }),
      );
      if (opened === undefined) return;
      const { id } = opened;
      meant.cases.push(id);
      const values = { 'shop.name': `第${String(count)}家店`, 'shop.size': 100 + count };
      await act(client, id, { act: 'save', answers: {}, values, key: 'save' }, playing, as);
      for (const port of ['identity', 'signature'] as const)
        await act(client, id, { act: 'step', step: 'fill', port, key: `fill ${port}` }, playing, as);
      await act(client, id, { act: 'submit', key: 'submit' }, playing, as);
      for (let over = false; !over && !signal.aborted; ) {
        await wait(PAUSE);
        const now = await insist('look', playing, () => client.oneCase(id, { as }));
        if (now === undefined) return;
        over = now.over;
        const next = nextFor(now);
        if (next !== undefined) await act(client, id, next, playing, as);
      }
      meant.over.add(id);
    }
  } finally {
    client.close();
  }
}

/** A department that looks into its inbox and decides. */
export async function overApi(authority: keyof typeof OVER_API, playing: Playing): Promise<void> {
  const { api, pki, signal } = playing;
  const client = connect(await connectionOf(api, pki, OVER_API[authority]), { timeoutMs: PATIENCE });
  try {
    while (!signal.aborted) {
      const inbox = await insist('inbox', playing, () => client.cases({ limit: 50 }));
      for (const { id, acts } of inbox?.cases ?? []) {
        const own = acts.find((one) => one.act === 'grant' && one.item !== undefined);
        const task = acts.find((one) => one.act === 'settle')?.task;
        if (task !== undefined) await act(client, id, { act: 'settle', task, key: `settle ${task}` }, playing);
        if (own?.item === undefined) continue;
        const { item } = own;
        const refuses = item === 'north' && drawnFor(id, 'north', 5) === 0;
        await act(
          client,
          id,
          refuses ? { act: 'refuse', item, says: '不符合条件', key: item } : { act: 'grant', item, key: item },
          playing,
        );
      }
      await wait(PAUSE);
    }
  } finally {
    client.close();
  }
}

/** The act with which the department answers a step; undefined where it has nothing to do. */
function answerTo(step: StepRecord): Partial<ActRecord> | undefined {
  const { item } = step;
  if (step.authority !== OVER_BUS || step.status !== 'held' || item === null || item === undefined) return undefined;
  const common = { id: `${step.id}.act`, case: step.case, item };
  if (step.act !== 'give' && item === 'south' && drawnFor(step.case, 'asks', 3) === 0)
    return { ...common, act: 'ask', sealed: sealedTo(step.answerKey, { says: '请补充材料', fields: ['name'] }) };
  if (item === 'south' && drawnFor(step.case, 'south', 6) === 0)
    return { ...common, act: 'refuse', sealed: sealedTo(step.answerKey, { says: '不符合条件' }) };
  return { ...common, act: 'grant' };
}

/** A department whose system reads its topic and answers on the other; now and then it answers twice. */
export async function overBus(bus: Bus, prefix: string, { meant, signal }: Playing): Promise<void> {
  const [steps, acts] = [caseStepsTopic(prefix, OVER_BUS), caseActsTopic(prefix, OVER_BUS)];
  await bus.ensureTopics([caseTopicSpec(steps), caseTopicSpec(acts)]);
  const producer = await bus.producer();
  const consumption = await bus.consume({
    topics: [steps],
    from: () => 0,
    onOffsetLost: ({ low }) => low,
    onBatch: async (batch) => {
      for (const { value } of batch) {
        const record = answerTo(decodeStep(value ?? Buffer.alloc(0)));
        if (record === undefined) continue;
        const sent = { subject: record.case ?? '', recordId: record.id ?? '', value: encodeAct(record), headers: {} };
        const twice = drawnFor(record.id ?? '', 'twice', 4) === 0;
        await producer.send(acts, twice ? [sent, sent] : [sent]);
      }
    },
  });
  const failed = consumption.done.catch((error: unknown) => void meant.wrong.push(`the bus: ${String(error)}`));
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await consumption.stop();
  await failed;
  await producer.close();
}
