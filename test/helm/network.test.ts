/**
 * Who may reach which port: what listens is admitted by a policy or by nobody, and no policy admits to what does not
 * listen.
 */
import t from 'tap';
import { helmForTest, judgeForTest, type Manifest, matrix, ofKind, podsOf } from './chart.js';

interface Rule {
  readonly from?: readonly unknown[];
  readonly to?: readonly unknown[];
  readonly ports?: readonly { readonly protocol: string; readonly port: number }[];
}
const rules = (policy: Manifest, direction: 'ingress' | 'egress'): readonly Rule[] =>
  (policy.spec[direction] as readonly Rule[] | undefined) ?? [];
const chosen = (policy: Manifest, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(policy.spec['podSelector'].matchLabels as Record<string, string>).every(
    ([key, value]) => labels[key] === value,
  );

t.test('every example with every option', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  for (const [name, objects] of Object.entries(judge(await matrix(t, helm)).objects)) {
    const policies = ofKind(objects, 'NetworkPolicy');
    if (name.includes('nothing optional')) {
      t.strictSame(policies, [], name);
      continue;
    }
    for (const { owner, labels, spec } of podsOf(objects)) {
      const at = `${name}: ${owner.metadata.name}`;
      const own = policies.filter((policy) => chosen(policy, labels));
      t.ok(
        own.some((policy) => rules(policy, 'ingress').length === 0 && rules(policy, 'egress').length === 0),
        `${at}: refused unless admitted`,
      );
      const listening = spec.containers
        .flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort))
        .sort();
      t.strictSame([...new Set(listening)], listening, `${at}: no port twice`);
      const admitted = [
        ...new Set(
          own.flatMap((policy) => rules(policy, 'ingress').flatMap(({ ports = [] }) => ports.map(({ port }) => port))),
        ),
      ].sort();
      if (name.includes('nobody may come'))
        t.strictSame(admitted, listening.includes(8446) ? [8446] : [], `${at}: replicas only`);
      else t.strictSame(admitted, listening, `${at}: each port that listens has its rule, and no other`);
      for (const policy of own) {
        t.strictSame(policy.spec['policyTypes'], ['Ingress', 'Egress'], at);
        for (const rule of rules(policy, 'ingress'))
          t.ok(
            (rule.from?.length ?? 0) > 0 && (rule.ports?.length ?? 0) > 0,
            `${at}: a rule without \`from\` would admit everybody`,
          );
        for (const rule of rules(policy, 'egress'))
          t.ok(
            (rule.to?.length ?? 0) > 0 && (rule.ports?.length ?? 0) > 0,
            `${at}: a rule without \`to\` would lead everywhere`,
          );
      }
    }
    for (const policy of policies)
      t.ok(
        podsOf(objects).some(({ labels }) => chosen(policy, labels)),
        `${name}: ${policy.metadata.name} is about pods that are there`,
      );
  }
});

t.test('replicas reach each other, brokers, the issuer and the witness, and nothing else of the city', async (t) => {
  const helm = helmForTest(t);
  const judge = judgeForTest(t);
  if (helm === undefined || judge === undefined) return;
  const { stdout } = await helm.template({}, { example: 'three-zones' });
  const objects = judge({ x: stdout }).objects['x']!;
  const ports = (policy: string): readonly number[] =>
    rules(ofKind(objects, 'NetworkPolicy').find(({ metadata }) => metadata.name === policy)!, 'egress')
      .flatMap((rule) => (rule.ports ?? []).map(({ port }) => port))
      .sort((a, b) => a - b);
  t.strictSame(ports('city-yitong-gateway'), [53, 53, 443, 443, 8446, 9093]);
  t.strictSame(
    ports('city-yitong-feed-samr--company-register'),
    [53, 53, 5432, 9093],
    'a connector: its source and the bus',
  );
  t.strictSame(ports('city-yitong-feed-tax--tax-arrears'), [53, 53, 9093]);
});
