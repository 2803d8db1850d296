export { openLmdbViewReader } from './reader.js';
export { openLmdbViewWriter, type WriterOptions } from './writer.js';
