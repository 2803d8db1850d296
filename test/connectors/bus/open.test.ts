import t from 'tap';
import { type BusSettings, busSettingsSchema, openBus } from '../../../connectors/bus/open.js';
import { shape } from '../../../contracts/validate.js';

const check = shape<BusSettings>(busSettingsSchema, 'bad_config');
const place = { file: 'yitong.json' };
const kafka = {
  driver: 'kafka',
  brokers: ['kafka-1:9093'],
  clientId: 'yitong',
  replication: 3,
  minInsyncReplicas: 2,
  groupId: 'yitong-gateway-1',
};

t.test('settings of both drivers are taken as documented', async (t) => {
  t.ok(check({ driver: 'embedded', dir: 'data/bus' }, place));
  t.ok(check(kafka, place));
  t.ok(
    check(
      {
        ...kafka,
        brokers: ['[::1]:9092'],
        ssl: { caFile: 'ca.pem', certFile: 'c.pem', keyFile: 'k.pem' },
        sasl: { mechanism: 'plain', username: 'u', passwordFile: 'p' },
      },
      place,
    ),
  );
});

t.test('a mistyped key or a wrong value is refused by its name', async (t) => {
  const refused = (settings: unknown, message: RegExp): unknown =>
    t.throws(() => check(settings, place), { code: 'bad_config', message });
  refused({ ...kafka, repliction: 3 }, /unknown key `repliction`/);
  refused({ driver: 'embedded', dir: 'data', brokers: [] }, /unknown key `brokers`/);
  refused({ ...kafka, ssl: { ca: 'x' } }, /`ssl` has the unknown key `ca`/);
  refused({ ...kafka, ssl: { certFile: 'x' } }, /`ssl` .*keyFile/);
  refused({ ...kafka, brokers: ['kafka-1'] }, /`brokers.0`/);
  refused({ driver: 'rabbit' }, /`driver` must be one of `embedded`, `kafka`/);
  refused({}, /driver/);
});

t.test('the embedded bus opens from its settings', async (t) => {
  const bus = await openBus({ driver: 'embedded', dir: `${t.testdir()}/bus` });
  t.equal(bus.driver, 'embedded');
  await bus.close();
});
