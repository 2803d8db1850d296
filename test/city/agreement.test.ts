/** Registers of the city that tell of the same things agree: a clerk who compares them finds no contradiction. */
import t from 'tap';
import { datasetId } from '../../contracts/ids.js';
import { mapper, rowsOf, town } from './town.js';

const { workspace, feeds } = await town();
const WHEN = { companies: 3_000, day: 330 };

// biome-ignore lint/suspicious/noExplicitAny: records of every register are read by their fields
type Any = Record<string, any>;

async function records(id: string, when = WHEN): Promise<readonly Any[]> {
  const [feed, contract] = [feeds.get(datasetId(id)), workspace.contracts.get(datasetId(id))];
  if (feed === undefined || contract === undefined) throw new Error(`no register ${id}`);
  const map = mapper(feed, contract, workspace);
  const all: Any[] = [];
  for await (const row of rowsOf(feed, workspace, when)) all.push(map(row) as Any);
  return all;
}
const by = (all: readonly Any[], key: (record: Any) => string): ReadonlyMap<string, Any> =>
  new Map(all.map((record) => [key(record), record]));
const keysOf = (all: readonly Any[]): ReadonlySet<string> => new Set(all.map(({ uscc }) => String(uscc)));

t.test('a company is abnormal in the register if and only if it stands on the list', async (t) => {
  const companies = await records('samr.company-register');
  const list = await records('samr.abnormal-list');
  const abnormal = keysOf(companies.filter(({ status }) => status === 'abnormal'));
  t.strictSame(keysOf(list.filter(({ removedOn }) => removedOn === null)), abnormal);
  t.ok(abnormal.size > companies.length * 0.02 && abnormal.size < companies.length * 0.04, `${String(abnormal.size)}`);
  const left = list.filter(({ removedOn }) => removedOn !== null);
  t.ok(left.length > 0);
  t.ok(
    left.every(({ listedOn, removedOn, removalReason }) => listedOn < removedOn && removalReason !== null),
    'who left it was on it before, and it is said why',
  );
});

t.test('each fine has its payment, of the same amount, and no payment is of another decision', async (t) => {
  const fines = (await records('samr.penalties')).filter(({ fine }) => fine !== null);
  const payments = by(await records('samr.penalty-payments'), ({ decisionNumber }) => decisionNumber);
  t.equal(payments.size, fines.length);
  const wrong = fines.filter(({ decisionNumber, uscc, fine }) => {
    const payment = payments.get(decisionNumber);
    return payment?.['uscc'] !== uscc || payment?.['fine'] !== fine;
  });
  t.strictSame(wrong, []);
  t.strictSame(new Set([...payments.values()].map(({ status }) => status)), new Set(['paid', 'overdue', 'due']));
  t.ok([...payments.values()].every(({ status, paidOn }) => (status === 'paid') === (paidOn !== null)));
});

t.test(
  'a lorry with an operating certificate is registered with the police, alike in all that both tell',
  async (t) => {
    const vehicles = await records('police.vehicles');
    const place = ({ uscc, plate }: Any): string => `${String(uscc)} ${String(plate.number)} ${String(plate.colour)}`;
    const registered = by(vehicles, place);
    const certificates = await records('transport.vehicle-certificates');
    t.ok(certificates.length > 500);
    const wrong = certificates.filter((certificate) => {
      const vehicle = registered.get(place(certificate));
      return (
        vehicle?.['kind'] !== certificate['vehicleKind'] ||
        vehicle?.['totalMass'] !== certificate['totalMass'] ||
        vehicle?.['registeredOn'] !== certificate['registeredOn'] ||
        vehicle?.['inspectedUntil'] !== certificate['inspectedUntil']
      );
    });
    t.strictSame(wrong, []);
    t.ok(vehicles.length > certificates.length, 'others have vehicles, too');
    t.equal(new Set(vehicles.map(({ vin }) => vin)).size, vehicles.length);
    const hauliers = keysOf(certificates);
    t.ok(
      vehicles.every(({ uscc, use }) => use === 'own' || !hauliers.has(uscc) || ['goods', 'dangerous'].includes(use)),
      'hauliers’ lorries carry goods',
    );
  },
);

t.test('health certificates are the same by person and by employer', async (t) => {
  const persons = by(await records('health.food-handler-certificates'), (record) => record['certificateNumber']);
  const employers = await records('health.health-certificates');
  t.equal(employers.length, persons.size);
  const wrong = employers.filter((one) => {
    const other = persons.get(one['certificateNumber']);
    return (
      other?.['employer'].uscc !== one['uscc'] ||
      ['name', 'result', 'examinedOn', 'validUntil', 'institution'].some((field) => other?.[field] !== one[field])
    );
  });
  t.strictSame(wrong, []);
});

t.test('who insures its employees does so against illness as well, and owes in both or in neither', async (t) => {
  const social = by(await records('hrss.social-insurance-accounts'), ({ uscc }) => uscc);
  const medical = await records('medical-insurance.accounts');
  t.equal(medical.length, social.size);
  t.strictSame(
    medical.filter(
      (one) =>
        social.get(one['uscc'])?.['status'] !== one['status'] ||
        social.get(one['uscc'])?.['insured'] !== one['insured'],
    ),
    [],
  );
});

t.test('the registers of the bundles are as full as such registers are', async (t) => {
  const companies = await records('samr.company-register');
  const share = async (id: string, which: (record: Any) => boolean = () => true): Promise<number> =>
    keysOf((await records(id)).filter(which)).size / companies.length;
  for (const [id, low, high, which] of [
    ['samr.equity-pledges', 0.01, 0.035, ({ status }: Any) => status === 'valid'],
    ['police.seals', 0.95, 1, () => true],
    ['customs.registrations', 0.03, 0.12, () => true],
    ['medical-insurance.accounts', 0.5, 1, () => true],
    ['natural-resources.titles', 0.15, 0.5, ({ status }: Any) => status === 'current'],
  ] as const) {
    const found = await share(id, which);
    t.ok(found >= low && found <= high, `${id}: ${found.toFixed(3)} of the companies`);
  }
  const hauliers = keysOf(companies.filter(({ industry }) => ['5431', '5435'].includes(industry)));
  const drivers = await records('police.drivers');
  t.ok(drivers.length > hauliers.size, 'a haulier has drivers');
  t.ok(
    drivers.every(({ uscc }) => hauliers.has(uscc)),
    'and nobody else is asked for them',
  );
});

t.test('a company’s premises are those of its title, where it holds one of them', async (t) => {
  const companies = by(await records('samr.company-register'), ({ uscc }) => uscc);
  const titles = await records('natural-resources.titles');
  const own = titles.filter(({ uscc, location }) => companies.get(uscc)?.['address'].full === location.address);
  t.ok(own.length > titles.length / 2, `${String(own.length)} of ${String(titles.length)}`);
});
