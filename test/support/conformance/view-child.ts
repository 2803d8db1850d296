/** A process beside the test: `write` applies batches until it is killed, `read` answers what it sees. */

import type { ViewDriver } from './view.js';
import { asked, COMPANY, sent, stateOf, subject, world } from './view-world.js';

const [what, module, dir] = process.argv.slice(2) as [string, string, string];
const { driver } = (await import(module)) as { readonly driver: ViewDriver };
const PER_BATCH = 200;

if (what === 'write') {
  const writer = await driver.openWriter(dir, world());
  for (let offset = writer.nextOffset(sent({ offset: 0, text: '' }).topic, 0); ; offset += PER_BATCH) {
    const batch = Array.from({ length: PER_BATCH }, (_, i) =>
      sent({
        offset: offset + i,
        subject: subject((offset + i) % 97),
        record: `r${offset + i}`,
        text: `v${offset + i}`,
      }),
    );
    await writer.apply(batch);
    process.send?.(offset + PER_BATCH);
  }
} else {
  const reader = driver.openReader(dir, world());
  process.on('message', (message) => {
    if (message === 'read')
      void Promise.all([asked(reader), stateOf(reader, COMPANY)]).then(([text, { records }]) =>
        process.send?.({ text, records }),
      );
    else void reader.close().then(() => process.disconnect());
  });
  process.send?.('open');
}
