/** A topic that is deleted between two questions about it, which no broker does on demand. */
import t from 'tap';
import { createErrorFromCode, type MetadataClient, type WithAdmin } from '../../../connectors/bus/kafka/client.js';
import { kafkaTopicState, offsetsOf } from '../../../connectors/bus/kafka/topics.js';

const UNKNOWN_TOPIC = 3;
const there = { name: 't', id: 'i', error: 0, partitions: 1, replicas: 1 };
const gone = { ...there, error: UNKNOWN_TOPIC };

/** Metadata that say one after the other, and the last one from then on. */
function metadataSaying(...topics: readonly (typeof there)[]): MetadataClient {
  let asked = 0;
  const fetch = async () => ({ topics: [topics[Math.min(asked++, topics.length - 1)]] });
  return { fetch } as unknown as MetadataClient;
}

function adminWithout(tries: number): { readonly admin: WithAdmin; readonly tried: () => number } {
  let tried = 0;
  const fetchTopicOffsets = async () => {
    if (++tried <= tries) throw createErrorFromCode(UNKNOWN_TOPIC);
    return [{ partition: 0, low: '1', high: '4' }];
  };
  return { admin: (async (use) => use({ fetchTopicOffsets } as never)) as WithAdmin, tried: () => tried };
}

void t.test('one that was deleted in between is not there, and is not waited for', async (t) => {
  const { admin, tried } = adminWithout(Infinity);
  t.equal(await kafkaTopicState(admin, metadataSaying(there, gone), 't'), undefined);
  t.equal(tried(), 1, 'asked for its offsets once');
  await t.rejects(offsetsOf(admin, metadataSaying(gone), ['t']), 'whoever reads it hears of it');
});

void t.test('one that is there, whose leader does not know it yet, is waited for', async (t) => {
  const { admin } = adminWithout(2);
  t.same(await kafkaTopicState(admin, metadataSaying(there), 't'), { id: 'i', partitions: [{ low: 1, high: 4 }] });
});
