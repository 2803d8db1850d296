/** A process that backs up a data folder and pauses before states: argv data folder, target, JSON of state id → ms. */
import { setTimeout as wait } from 'node:timers/promises';
import { backUp } from './folder.js';

const [data = '', to = '', pauses = '{}'] = process.argv.slice(2);
const of = JSON.parse(pauses) as Readonly<Record<string, number>>;
await backUp(data, to, { onState: ({ id }) => wait(of[id] ?? 0) });
