export { createPublisher, Publisher } from './publisher.js';
export type { PublishResult, PublishRow, PublisherOptions } from './options.js';
export { identifier } from './identity.js';
export { State } from './state.js';
export { takeTurn, type TurnOptions } from './turn.js';
export { recogniseTopic } from './topic.js';
export { sendWatermark, sendWatermarkBy } from './watermark.js';
