/** The reference city as a first user starts it, on the embedded bus. */
import t from 'tap';
import { citySuite } from './suite.js';

t.setTimeout(300_000);
void t.test('a city on the embedded bus, from source to receipt', (t) =>
  citySuite(t, { prefix: 'yunzhou', options: {} }),
);
