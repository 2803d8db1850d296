export { Spool, spoolExists, type SpoolSize } from './store.js';
export { SpoolingProducer } from './producer.js';
export { forwardSpool } from './forward.js';
