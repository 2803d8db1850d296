/** Watermarks: what a run saw, on the authority's own control topic, also when nothing changed. */
import type { Contract, Workspace } from '../../contracts/types.js';
import { type Bus, controlTopic, HEADER, type Producer, type Watermark } from '../bus/port.js';

/** Durable when it resolves. @throws YitongError `bus_unavailable` */
export async function sendWatermark(
  bus: Bus,
  workspace: Workspace,
  contract: Contract,
  watermark: Watermark,
): Promise<void> {
  const producer = await bus.producer();
  try {
    await sendWatermarkBy(producer, workspace, contract, watermark);
  } finally {
    await producer.close();
  }
}

/** The same by a producer that is there. */
export async function sendWatermarkBy(
  producer: Producer,
  workspace: Workspace,
  contract: Contract,
  watermark: Watermark,
): Promise<void> {
  await producer.send(controlTopic(workspace.prefix, contract.authority), [
    {
      subject: contract.id,
      recordId: '',
      value: Buffer.from(JSON.stringify(watermark)),
      headers: { [HEADER.sourceTime]: watermark.sourceTime },
    },
  ]);
}
