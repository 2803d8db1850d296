/** A child that is a sequencer of the data folder argv[2] until it gets SIGTERM; one JSON line when it ends. */
import { sequencerOf } from './filled.js';

const data = process.argv[2] ?? '';
let failed = 0;
let committed = 0;
const start = (): ReturnType<typeof sequencerOf> | undefined => {
  try {
    return sequencerOf(data, {
      interval: 5,
      batch: 300,
      onAlert: () => failed++,
      onStep: (step) => void (step === 'committed' && committed++),
    });
  } catch {
    return undefined; // another holds the lock
  }
};
let sequencer = start();
const retry = setInterval(() => (sequencer ??= start()), 5);
process.on('SIGTERM', () => {
  clearInterval(retry);
  void (sequencer?.stop() ?? Promise.resolve()).then(() => {
    console.log(JSON.stringify({ ran: sequencer !== undefined, failed, committed }));
    process.exit(0);
  });
});
// not left behind by a test that was killed
process.stdin.resume().on('end', () => process.exit(1));
console.log('ready');
