export { FollowedServers, type ServersWriter } from './following.js';
export { moveSlice } from './move.js';
export { type DeclaredServers, declaredServers, openPostgresViewReader } from './open.js';
export { type PostgresViewReader, readerOver } from './reader.js';
export { checkSchema, migrateView } from './schema.js';
export { ServerView } from './server-view.js';
export { SLICES, type SliceRun, sliceOf } from './slices.js';
export { openPostgresViewWriter } from './writer.js';
