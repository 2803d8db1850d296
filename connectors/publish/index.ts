export { createPublisher, Publisher, type PublishResult, type PublishRow, type PublishStatus, type PublisherOptions } from './publisher.js';
export { joinRecordId, identifier, type JsonForm } from './identity.js';
export { State } from './state.js';
export { takeTurn, type TurnOptions } from './turn.js';
export { recogniseTopic } from './topic.js';
export { sendWatermark, sendWatermarkBy } from './watermark.js';
