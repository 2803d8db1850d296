/** Records that carry a mark in their texts, to see where it turns up. */
import { ask, until } from '../../e2e/ask.js';
import type { City } from '../../e2e/city.js';
import { stories } from '../../e2e/stories.js';
import { query } from '../../e2e/suite.js';

export const MARK = '绝密标记';
const { push } = stories;
export const MARKED = push.reader.dataset;

/** Pushes a record of which each text is marked. @returns the answer about the company, once it has the mark */
export async function pushMarked(town: City, company: string): Promise<string> {
  const { status, text } = await ask(town.api, town.pki, push.publisher, {
    method: 'POST',
    path: `/v1/datasets/${MARKED}/records`,
    body: {
      sourceTime: new Date().toISOString(),
      records: [
        {
          position: 'marked-1',
          value: {
            checkNumber: `${MARK}一`,
            uscc: company.slice(company.indexOf(':') + 1),
            name: `${MARK}二`,
            plate: `${MARK}三`,
            station: `${MARK}四`,
            checkedAt: '2026-01-06T01:03:00.000Z',
            totalMass: 17230,
            limit: 18000,
            overloaded: false,
            position: null,
          },
        },
      ],
    },
  });
  if (status !== 200) throw new Error(text.slice(0, 600));
  return until(
    'the marked record',
    async () =>
      JSON.stringify(
        await query(town, push.reader.client, {
          purpose: push.reader.purpose,
          subject: company,
          datasets: [{ id: MARKED }],
        }),
      ),
    (answer) => answer.includes(MARK),
  );
}
