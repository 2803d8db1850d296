export { forwardSpool } from './forward.js';
export { SpoolingProducer } from './producer.js';
export { Spool, type SpoolSize, spoolExists } from './store.js';
