/**
 * `replay`: decisions on record, decided again under changed policies. Each of them also by brute force: by a decider
 * that is asked for that one question, with nothing kept from those before, so that neither grouping by day nor a cache
 * can hide a verdict.
 */

import { present } from '../../../contracts/present.js';
import type { Delivery, Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { LogBody } from '../../../gateway/log/entries/body.js';
import { releasedTemplate } from '../../../gateway/log/entries/events.js';
import { openSearch } from '../../../gateway/log/search/index.js';
import { decisionsOf, replayLog } from '../../../gateway/log/verify/decisions.js';
import { engineOf, makeDecider } from '../../../policies/decide.js';
import { loadPolicies } from '../../../policies/load.js';
import { type LoggedDecision, makeReplay, outcomeOf } from '../../../policies/replay.js';
import type { Grant, PolicySet } from '../../../policies/types.js';
import { type Draft, storedLog } from '../../log/stored.js';
import { type BenchRow, median, round, spread } from './rows.js';

const DECISIONS = 100_000;
const ROUNDS = 3;
const TOLD_EVERY = 15_000;
const FLOOR = 30;
const START = Date.parse('2026-03-01T00:00:00Z');

export async function replayRow(dir: string): Promise<BenchRow[]> {
  const workspace = await loadWorkspace(packageRoot());
  const before = await loadPolicies(workspace);
  const after = changedSet(before);
  const log = storedLog(dir);
  const questions = questionsOf(before, workspace);
  for (let n = 0; n < DECISIONS; n += 1000) log.add(Array.from({ length: 1000 }, (_, i) => questions(n + i)));
  await log.close();
  const search = openSearch(dir);
  await search.catchUp();
  const seconds: number[] = [];
  let evaluated = 0;
  let otherwise = 0;
  for (let turn = 0; turn < ROUNDS; turn++) {
    const started = performance.now();
    ({ evaluated, otherwise } = await replayLog(search, makeReplay(after, workspace), {}));
    seconds.push((performance.now() - started) / 1000);
  }
  // the same by brute force
  const replay = makeReplay(after, workspace);
  const skipped = { notRecorded: 0, unknownNames: 0, refusedOtherwise: 0 };
  const alone = byBruteForce(after, workspace);
  let wrong = 0;
  let compared = 0;
  let last = performance.now();
  for await (const { index, body } of search.entries({}, { oldestFirst: true })) {
    for (const logged of decisionsOf(index, body as LogBody, skipped)) {
      if (replay.add(logged) !== alone(logged)) wrong++;
      compared++;
    }
    if (performance.now() - last < TOLD_EVERY) continue;
    last = performance.now();
    process.stderr.write(`  ${compared.toLocaleString('en')} decided again by brute force\n`);
  }
  await search.close();
  const value = median(seconds);
  return [
    {
      id: 'replay',
      what: `${DECISIONS.toLocaleString('en')} decisions on record, replayed under changed policies`,
      value: round(value),
      unit: 's',
      reference: null,
      ratio: null,
      floor: `< ${FLOOR}, every verdict that of brute force`,
      aim: '5',
      holds: value < FLOOR && wrong === 0 && compared === DECISIONS && otherwise > 0,
      runs: ROUNDS,
      spread: [round(spread(seconds)[0]), round(spread(seconds)[1])],
      note:
        `${evaluated.toLocaleString('en')} evaluated, ${otherwise.toLocaleString('en')} otherwise; ` +
        `${compared.toLocaleString('en')} also by brute force, ${wrong} of them otherwise than replayed`,
    },
  ];
}

/**
 * How a decision turns out otherwise, by a decider that has this client's grants of this dataset and was never asked
 * before.
 */
function byBruteForce(
  set: PolicySet,
  workspace: Workspace,
): (logged: LoggedDecision) => 'denied' | 'allowed' | 'released' | undefined {
  // the policies' text is parsed once; nothing that was decided is kept with it
  const engine = engineOf(set);
  const grants = [...set.grants.values()];
  const clients = [...set.clients.values()];
  return ({ client: id, purpose, dataset, delivery, time, asked, batch, stated, outcome: was }) => {
    const client = clients.find((one) => one.id === id);
    if (client === undefined) return was.effect === 'deny' ? undefined : 'denied';
    const own = {
      ...set,
      grants: new Map(
        grants.flatMap((grant): [Grant['id'], Grant][] =>
          grant.client === id && grant.dataset === dataset ? [[grant.id, grant]] : [],
        ),
      ),
    };
    const now = outcomeOf(
      makeDecider(own, workspace, engine).decide({
        client,
        purpose,
        dataset,
        delivery,
        now: time,
        ...present({ fields: asked, subjects: batch }),
        case: Object.fromEntries(stated.map((part) => [part, 'x'])),
      }),
    );
    if (now.effect !== was.effect) return now.effect === 'deny' ? 'denied' : 'allowed';
    return now.effect === 'deny' ||
      JSON.stringify([now.fields, now.forms, now.rows]) === JSON.stringify([was.fields, was.forms, was.rows])
      ? undefined
      : 'released';
  };
}

/** Grants narrowed, suspended and widened, and a policy more. */
function changedSet(set: PolicySet): PolicySet {
  const grants = [...set.grants.values()].map((grant, i): [Grant['id'], Grant] => {
    if (i % 7 === 0) return [grant.id, { ...grant, status: 'suspended' }];
    if (i % 7 === 1) return [grant.id, { ...grant, fields: grant.fields.slice(1) }];
    if (i % 7 === 2) return [grant.id, { ...grant, until: '2026-03-20' }];
    return [grant.id, grant];
  });
  return { ...set, version: 'changed', grants: new Map(grants) };
}

/**
 * Entry `n`, as the gateway would have written it: what grants name, with and without fields, stated parts and other
 * purposes.
 */
function questionsOf(set: PolicySet, workspace: Workspace): (n: number) => Draft {
  const decider = makeDecider(set, workspace);
  const grants = [...set.grants.values()];
  const purposes = [...set.purposes.keys()];
  return (n) => {
    const grant = grants[(n * 7919) % grants.length];
    const client = grant === undefined ? undefined : set.clients.get(grant.client);
    if (grant === undefined || client === undefined) throw new Error('the city has no grants');
    const time = START + Math.floor((n / DECISIONS) * 30 * 86_400_000);
    const purpose = n % 11 === 0 ? (purposes[n % purposes.length] ?? '') : (grant.purposes[0] ?? '');
    const delivery: Delivery = n % 5 === 0 ? 'verify' : 'query';
    const asked = n % 3 === 0 ? grant.fields.filter((_, i) => (n >> i) % 2 === 0).map(({ path }) => path) : undefined;
    const stated = n % 2 === 0 ? ['item', 'caseId', 'actor'] : [];
    const { effect, reason, ...outcome } = outcomeOf(
      decider.decide({
        client,
        purpose,
        dataset: grant.dataset,
        delivery,
        now: time,
        ...present({ fields: asked }),
        case: Object.fromEntries(stated.map((part) => [part, 'x'])),
      }),
    );
    const template = releasedTemplate({
      client: client.id,
      authority: client.authority,
      purpose,
      policyVersion: set.version,
      stated,
      ...(delivery === 'query' ? {} : { delivery }),
      datasets: [
        {
          dataset: grant.dataset,
          effect,
          ...present({ asked, reason }),
          ...outcome,
        },
      ],
    });
    return {
      clear: JSON.parse(
        template({ time: new Date(time).toISOString(), requestId: `r-${n}`, records: [1], bodySha256: 'x', bytes: 1 }),
      ) as Draft['clear'],
      subject: `uscc:${n % 500}`,
    };
  };
}
