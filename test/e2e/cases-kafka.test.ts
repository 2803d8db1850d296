/**
 * One case, three departments: the system of one, written in Python, takes its item by Kafka and answers there; that of
 * another uses the API; the third stands in for a person at a page, through the API.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { packageRoot } from '../../gateway/ground/files/places.js';
import type { Case } from '../../gateway/http/api/cases/client.js';
import { examplePlan } from '../../gateway/procedures/materials/example.js';
import { elements, named, written } from '../procedures/cases/office.js';
import { pythonForTest } from '../support/python.js';
import { kafkaForTest } from '../support/servers/kafka.js';
import { cli, city as startCity } from './city.js';

t.setTimeout(300_000);
const AS = 'uscc:91990101MA000013H9';
const ASKS = '请补充灭火器配置清单（示例）';
const broker = kafkaForTest(t);
const python = broker === undefined ? undefined : pythonForTest(t, 'confluent_kafka, jwcrypto', 'confluent-kafka');

/** A city on Kafka whose fire department takes part over the bus. */
function workspaceOn(dir: string, broker: string, prefix: string): string {
  const workspace = join(dir, 'city');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const bus = { driver: 'kafka', brokers: [broker], clientId: prefix, groupId: prefix };
  const file = join(workspace, 'yitong.json');
  const made = JSON.parse(readFileSync(file, 'utf8')) as { readonly gateway?: object };
  const gateway = { ...made.gateway, caseDrivers: 'development', caseTopics: ['fire'] };
  const settings = { ...made, prefix, gateway, bus: { ...bus, replication: 1, minInsyncReplicas: 1 } };
  writeFileSync(file, JSON.stringify(settings));
  mkdirSync(join(workspace, 'policies/clients'), { recursive: true });
  const client = {
    authority: 'urban-management',
    name: { zh: '店招审批窗口', en: 'Desk for shop signs' },
    identity: { spiffe: 'spiffe://yunzhou.example/client/sign-desk' },
    status: 'active',
    rate: 300,
  };
  writeFileSync(join(workspace, 'policies/clients/sign-desk.json'), JSON.stringify(client));
  return workspace;
}

if (broker !== undefined && python !== undefined) {
  void t.test('three departments decide one case, each its own way', async (t) => {
    const prefix = `cases-x${randomBytes(4).toString('hex')}`;
    const workspace = workspaceOn(t.testdir(), broker, prefix);
    const city = await startCity(t, { workspace, args: ['--day', '300'] });
    const counter = await city.as('one-stop-counter');
    const bundle = named('open-restaurant');
    const answers = bundle.usual.answers as Readonly<Record<string, string | number | boolean>>;
    const { id } = await counter.openCase({ bundle: bundle.id }, { as: AS });
    await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'identity' }, { as: AS });
    await counter.actOnCase(id, { act: 'save', answers, values: written(bundle) }, { as: AS });
    await counter.putCaseMaterial(id, 'plan', examplePlan(), { as: AS });
    // what registers answered and do not have is asked after all
    const { missing } = await counter.caseForm(id, { as: AS });
    const lacking = missing.filter(({ what }) => what !== 'material');
    const more = lacking.map(({ name }) => [name, elements.elements.get(name)?.examples[0] ?? null] as const);
    const values = { ...written(bundle), ...Object.fromEntries(more) };
    await counter.actOnCase(id, { act: 'save', answers, values }, { as: AS });
    await counter.putCaseMaterial(id, 'plan', examplePlan(), { as: AS });
    await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'signature' }, { as: AS });
    await counter.actOnCase(id, { act: 'submit' }, { as: AS });
    const statusOf = async (item: string): Promise<Case['items'][number] | undefined> =>
      (await counter.oneCase(id, { as: AS })).items.find((one) => one.item === item);

    const credentials = join(city.pki, 'clients', 'fire-inspector');
    const given = {
      ...{ broker, prefix, authority: 'fire', api: city.api, asks: ASKS, ca: join(city.pki, 'ca.pem') },
      ...{ cert: join(credentials, 'cert.pem'), key: join(credentials, 'key.pem') },
    };
    const script = join(packageRoot(), 'test/e2e/department.py');
    const system = spawn(python, [script, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => system.kill('SIGKILL'));
    const ended = new Promise<number | null>((resolve) => system.once('close', resolve));
    const said: Readonly<Record<string, unknown>>[] = [];
    createInterface({ input: system.stdout }).on('line', (line) => said.push(JSON.parse(line) as (typeof said)[0]));

    for (const [client, item] of [
      ['food-inspector', 'food-licence'],
      ['sign-desk', 'shop-sign'],
    ] as const) {
      const department = await city.as(client);
      const own = (await department.oneCase(id)).items.find((one) => one.item === item);
      await department.actOnCase(id, { act: 'grant', item, checked: own?.unknown ?? [], key: 'granted' });
      department.close();
    }
    for (const end = Date.now() + 60_000; (await statusOf('fire-check'))?.status !== 'supplement'; await pause(100))
      if (Date.now() > end) throw new Error(`the department has not asked: ${JSON.stringify(said)}\n${city.said()}`);
    t.equal((await statusOf('fire-check'))?.asked?.says, ASKS, 'what it asks for is read, and it was sealed');
    await counter.actOnCase(id, { act: 'give', item: 'fire-check', values: {}, says: '已补充' }, { as: AS });
    t.equal(await ended, 0, 'the system is told that its item is granted');
    const form = said.find((one) => 'form' in one) ?? {};
    t.ok(Object.keys((form['form'] ?? {}) as object).length >= 5, 'it had its own form, whole');
    t.equal(form['term'], form['due'], 'and its term, the same on the topic');
    t.strictSame(
      said.filter(({ own }) => own === true).map(({ act, told }) => `${String(act)} ${String(told)}`),
      ['submit held', 'ask supplement', 'give held', 'grant granted'],
      'each step once, in order, though it asked twice',
    );
    const done = await counter.actOnCase(id, { act: 'step', step: 'collect', port: 'collect' }, { as: AS });
    t.match(done, { phase: 'delivered', over: true });
    t.strictSame(
      (await counter.caseEvents(id, 0, { as: AS }))
        .slice(6)
        .map(({ by, act }) => `${by} ${act}`)
        .sort(),
      [
        ...['applicant give', 'applicant step', 'applicant submit', 'fire ask', 'fire grant'],
        ...['samr grant', 'urban-management grant'],
      ],
      'all three on one case, each act once',
    );
    counter.close();
  });
}
