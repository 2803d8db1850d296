/**
 * The two questions that a test asks a Kafka node by itself: do you answer, and who is the active controller. kafkajs
 * knows no KRaft.
 */
import { connect } from 'node:net';

/** One request on a connection of its own; undefined where no whole answer came in time. */
function ask(
  address: string,
  key: number,
  version: number,
  header: Buffer,
  body: Buffer,
  within: number,
): Promise<Buffer | undefined> {
  const [host = '', port = ''] = address.split(':');
  const head = Buffer.alloc(8);
  head.writeInt16BE(key, 0);
  head.writeInt16BE(version, 2);
  head.writeInt32BE(1, 4); // correlation id
  const payload = Buffer.concat([head, header, body]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(payload.length);
  return new Promise((resolve) => {
    let got = Buffer.alloc(0);
    const socket = connect({ host, port: Number(port) }, () => void socket.write(Buffer.concat([size, payload])));
    const end = (answer: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), within);
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got.length >= 4 && got.length >= 4 + got.readInt32BE(0)) end(got.subarray(8));
    });
    socket.on('error', () => end(undefined));
    socket.on('close', () => end(undefined));
  });
}

const CLIENT = Buffer.from([0, 2, 0x79, 0x74]);

/** Whether the node answers an ApiVersions request: an open port alone says nothing. */
export async function apiVersions(address: string, within = 2000): Promise<boolean> {
  return (await ask(address, 18, 0, CLIENT, Buffer.alloc(0), within)) !== undefined;
}

/** Node id of the leader of the metadata quorum (DescribeQuorum, KIP-595), or undefined. */
export async function quorumLeader(address: string, within = 2000): Promise<number | undefined> {
  const topic = Buffer.from('__cluster_metadata');
  const tags = Buffer.from([0]);
  const body = Buffer.concat([
    Buffer.from([2, topic.length + 1]),
    topic,
    Buffer.from([2, 0, 0, 0, 0]),
    tags,
    tags,
    tags,
  ]);
  const answer = await ask(address, 55, 0, Buffer.concat([CLIENT, tags]), body, within);
  if (answer === undefined || answer.length < 30) return undefined;
  let at = 1; // tagged fields of the response header
  if (answer.readInt16BE(at) !== 0) return undefined;
  at += 2 + 1 + 1 + topic.length + 1; // error, topics, name, partitions
  if (answer.readInt16BE(at + 4) !== 0) return undefined; // index, then the partition's error
  const leader = answer.readInt32BE(at + 6);
  return leader < 0 ? undefined : leader;
}
