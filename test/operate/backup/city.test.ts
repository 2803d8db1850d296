import t from 'tap';
import { lostAndRestored } from './lost.js';

t.setTimeout(350_000);
void t.test('a city under load is backed up, lost and restored', (t) => lostAndRestored(t, {}));
