import { receiptId, retry, verifyAnswer } from 'yitong/client';
import { run } from './connecting.js';

await run(
  { line: 'node query.js SUBJECT PURPOSE DATASET…', least: 3 },
  async (gateway, [subject = '', purpose = '', ...datasets]) => {
    const answer = await retry(() => gateway.query({ purpose, subject, datasets: datasets.map((id) => ({ id })) }));
    for (const { id, status, reason, records, withheld } of answer.datasets) {
      console.log(`${id}: ${status}${reason === undefined ? '' : ` (${reason})`}`);
      // "none on record" is only said of a current dataset
      if (records.length === 0 && status === 'current') console.log('  none on record');
      for (const { record } of records) console.log(`  ${JSON.stringify(record)}`);
      for (const { field, reason: why } of withheld) console.log(`  ${field} is withheld: ${why}`);
    }
    // keep the receipt with the case: it proves later what was told
    const { REPLICA_VKEY } = process.env;
    const checked =
      REPLICA_VKEY === undefined
        ? 'not checked'
        : `in the log by ${verifyAnswer(answer, REPLICA_VKEY).mergeBy.toISOString()}`;
    console.log(`receipt ${receiptId(answer.receipt)}, ${checked}`);
  },
);
