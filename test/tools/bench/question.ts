/** The question of `query`, `flatness` and `restart`: five datasets of one company, all granted. */
import { writeFileSync } from 'node:fs';
import { connect, connectionOf, type QueryBody } from '../../../gateway/client/index.js';
import { stories } from '../../e2e/stories.js';
import type { CityAddresses } from './servers.js';

export const question = (subject: string): QueryBody => {
  const { purpose, datasets } = stories.allowed;
  return { purpose, subject, datasets: datasets.map((id) => ({ id, fields: [...stories.allowed.fields[id]] })) };
};

export function writeBodies(file: string, subjects: readonly string[]): void {
  writeFileSync(file, subjects.map((subject) => JSON.stringify(question(subject))).join('\n'));
}

/** `count` of them, spread over all. */
export const spreadOver = (subjects: readonly string[], count: number): string[] =>
  subjects.length <= count
    ? [...subjects]
    : Array.from({ length: count }, (_, i) => subjects[Math.floor((i * subjects.length) / count)] ?? '');

/** Average bytes of the answers to some of them. */
export async function answerBytes(city: CityAddresses, subjects: readonly string[], samples = 100): Promise<number> {
  const gateway = connect(await connectionOf(city.api, city.pki, stories.allowed.client));
  let bytes = 0;
  for (let i = 0; i < samples; i++)
    bytes += Buffer.byteLength(
      JSON.stringify(await gateway.query(question(subjects[(i * 7) % subjects.length] ?? ''))),
    );
  gateway.close();
  return Math.round(bytes / samples);
}
