/** A question that a program asks, in two forms: what is in capitals is the asker's own. */
import type { Localised } from '../../../../contracts/types.js';
import type { DatasetFacts } from './facts.js';

interface Sample {
  readonly title: Localised;
  readonly code: string;
}

/** None of a dataset that nobody is given by query. */
export function sampleQuestions({ contract, grants }: DatasetFacts): readonly Sample[] {
  if (!contract.sharing.delivery.includes('query')) return [];
  const own = grants.find(({ grant }) => grant.delivery.includes('query'))?.grant;
  const purpose = own?.purposes[0] ?? 'YOUR-PURPOSE';
  const needs = own?.requires ?? [];
  const stated =
    needs.length === 0 ? undefined : Object.fromEntries(needs.map((part) => [part, `YOUR-${part.toUpperCase()}`]));
  const question = {
    purpose,
    subject: `${contract.subject.scheme}:SUBJECT`,
    ...(stated === undefined ? {} : { case: stated }),
    datasets: [{ id: contract.id }],
  };
  const curl =
    'curl --cacert ca.pem --cert cert.pem --key key.pem \\\n' +
    "  -H 'content-type: application/json' $API/v1/query \\\n" +
    `  -d '${JSON.stringify(question)}'`;
  const typescript = [
    "import { connect, credentialFiles } from 'yitong/client';",
    '',
    "const gateway = connect({ api: process.env.API ?? '', files: credentialFiles('pki', 'YOUR-CLIENT') });",
    `const { datasets } = await gateway.query(${JSON.stringify(question, undefined, 2)});`,
    'console.log(datasets[0]?.records);',
    'gateway.close();',
  ].join('\n');
  return [
    { title: { zh: '命令行', en: 'In a shell' }, code: curl },
    { title: { zh: '程序', en: 'In TypeScript' }, code: typescript },
  ];
}
