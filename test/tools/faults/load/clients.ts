/**
 * Who asks and who publishes over HTTP while things break: each goes on until it is told to stop, and notes what it was
 * told.
 */
import { setTimeout as wait } from 'node:timers/promises';
import uscc from '../../../../contracts/subjects/uscc.js';
import type { PublishAnswer, PublishBody } from '../../../../gateway/client/index.js';
import { type Caller, callerOf } from '../caller.js';
import { type Ledger, textOf } from '../ledger.js';
import { changed, type Entry, type History, keyOf } from '../model.js';
import type { Random } from '../random.js';
import type { Signals } from '../signals.js';
import { DATASETS, PURPOSE } from '../workspace.js';

export interface Gateway {
  readonly api: string;
  readonly pki: string;
}

export interface LoadParts {
  readonly gateway: Gateway;
  readonly ledger: Ledger;
  readonly signals: Signals;
  readonly random: Random;
  /** No new work after it; what is under way is done. */
  readonly signal: AbortSignal;
}

/** Between two attempts on a gateway that is not there. */
const PAUSE = 50;
const VISIBLE_WITHIN = 90_000;
const SUBJECTS = 12;

/** Subjects that somebody writes about. */
const asked = (random: Random): string =>
  uscc.make(random.pick([random.between(0, 149), 1000 + random.between(0, 39), 2000 + random.between(0, 39)]));

const question = (subject: string, datasets: readonly string[]) => ({
  purpose: PURPOSE,
  subject: `uscc:${subject}`,
  datasets: datasets.map((id) => ({ id })),
});

/** Asks one question after another; every answer goes to the ledger. */
export async function asker(parts: LoadParts, number: number): Promise<void> {
  const { gateway, ledger, signals, random, signal } = parts;
  const asker = await callerOf(gateway.api, gateway.pki, 'asker');
  const stranger = await callerOf(gateway.api, gateway.pki, 'stranger');
  try {
    while (!signal.aborted) {
      const denied = random.chance(0.1);
      const datasets = random.shuffled(Object.values(DATASETS)).slice(0, random.between(1, 4));
      const started = performance.now();
      const reply = await (denied ? stranger : asker)
        .post('/v1/query', question(asked(random), datasets))
        .catch(() => undefined);
      if (reply === undefined) await wait(PAUSE);
      else if (reply.status === (denied ? 403 : 200)) {
        ledger.answer(`asker ${number}`, reply.text);
        signals.succeeded('query', started);
        await wait(10);
      } else if (reply.status !== 503)
        ledger.wrong.push(`a query was answered ${reply.status}: ${reply.text.slice(0, 300)}`);
      else await wait(PAUSE);
    }
  } finally {
    asker.close();
    stranger.close();
  }
}

interface Push {
  readonly dataset: string;
  readonly body: PublishBody;
  readonly keys: readonly string[];
}

/**
 * Publishes about subjects of its own, one request after another, and sends each again until it is acknowledged, as a
 * client must. Now and then it sends an old one once more, which must change nothing, and now and then it waits until
 * what it sent can be seen.
 */
export async function pusher(parts: LoadParts, number: number, history: History): Promise<void> {
  const { gateway, ledger, signals, random, signal } = parts;
  const publisher = await callerOf(gateway.api, gateway.pki, 'publisher');
  const asker = await callerOf(gateway.api, gateway.pki, 'asker');
  const registers = new Map<string, Map<string, Entry>>([
    [DATASETS.pushed, new Map()],
    [DATASETS.latest, new Map()],
  ]);
  const past: Push[] = [];
  let count = 0;

  function next(): Push {
    const dataset = random.chance(0.7) ? DATASETS.pushed : DATASETS.latest;
    const register = registers.get(dataset) ?? new Map<string, Entry>();
    const sourceTime = new Date(Date.parse('2026-02-01T00:00:00Z') + count * 1000).toISOString();
    const records: PublishBody['records'][number][] = [];
    const keys: string[] = [];
    for (let i = random.between(1, 5); i > 0; i--) {
      const key = {
        uscc: uscc.make(2000 + number * SUBJECTS + random.between(0, SUBJECTS - 1)),
        number: `p${random.between(0, 2)}`,
      };
      const before = register.get(keyOf(key));
      const position = `${number}-${count++}`;
      keys.push(keyOf(key));
      if (before !== undefined && random.chance(0.15)) {
        register.delete(keyOf(key));
        records.push({ position, withdraw: { subject: `uscc:${key.uscc}`, recordId: key.number }, reason: 'gone' });
        history.add(dataset, keyOf(key), { value: null, position, sourceTime });
      } else {
        const value = changed(random, key, before);
        register.set(keyOf(key), value);
        records.push({ position, value: { ...value } });
        history.add(dataset, keyOf(key), { value, position, sourceTime });
      }
    }
    return { dataset, body: { sourceTime, records }, keys };
  }

  /** Until it is acknowledged. @returns what was answered, and after how many attempts */
  async function send({
    dataset,
    body,
  }: Push): Promise<{ readonly results: PublishAnswer['results']; readonly attempts: number } | undefined> {
    for (let attempts = 1; ; attempts++) {
      const started = performance.now();
      const reply = await publisher.post(`/v1/datasets/${dataset}/records`, body).catch(() => undefined);
      if (reply?.status === 200) {
        signals.succeeded('publish', started);
        return { results: (JSON.parse(reply.text) as PublishAnswer).results, attempts };
      }
      if (reply !== undefined && reply.status !== 503) {
        ledger.wrong.push(`a push was answered ${reply.status}: ${reply.text.slice(0, 300)}`);
        return undefined;
      }
      await wait(PAUSE);
    }
  }

  try {
    while (!signal.aborted) {
      const push = next();
      const answer = await send(push);
      if (answer === undefined) return;
      for (const [i, { position, status, code }] of answer.results.entries()) {
        // one that came before its acknowledgement was lost is `unchanged` the second time
        const fits = status === 'published' || (status === 'unchanged' && answer.attempts > 1);
        if (!fits)
          ledger.wrong.push(
            `the push \`${position}\` of \`${push.dataset}\` was ${status} (${code ?? 'no code'}) at attempt ` +
              `${answer.attempts}`,
          );
        ledger.acknowledged.push({ dataset: push.dataset, key: push.keys[i] ?? '', position });
      }
      past.push(push);
      if (past.length > 20) past.shift();
      if (random.chance(0.1)) {
        const again = await send(random.pick(past));
        for (const { position, status } of again?.results ?? [])
          if (status !== 'unchanged')
            ledger.wrong.push(`the push \`${position}\`, sent once more after it was acknowledged, was ${status}`);
      }
      if (random.chance(0.3))
        await seen(asker, `pusher ${number}`, push, registers.get(push.dataset) ?? new Map(), parts);
      await wait(random.between(5, 40));
    }
  } finally {
    publisher.close();
    asker.close();
  }
}

/** Waits until the last record of a push can be seen as it is now. */
async function seen(
  asker: Caller,
  who: string,
  push: Push,
  register: ReadonlyMap<string, Entry>,
  { ledger, signals }: LoadParts,
): Promise<void> {
  const key = push.keys.at(-1) ?? '';
  const wanted = register.get(key);
  const until = performance.now() + VISIBLE_WITHIN;
  const started = performance.now();
  for (;;) {
    const reply = await asker
      .post('/v1/query', question(key.slice('uscc:'.length, key.indexOf('|')), [push.dataset]))
      .catch(() => undefined);
    if (reply?.status === 200) {
      const found = ledger.answer(who, reply.text).get(`${push.dataset} ${key}`);
      if ((found === undefined ? undefined : textOf(found)) === (wanted === undefined ? undefined : textOf(wanted)))
        return signals.succeeded('visible', started);
    }
    if (performance.now() > until) {
      ledger.wrong.push(`an acknowledged push of \`${push.dataset}\` was not seen within ${VISIBLE_WITHIN / 1000} s`);
      return;
    }
    await wait(PAUSE / 2);
  }
}
