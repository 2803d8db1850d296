import { execFileSync } from 'node:child_process';
import t from 'tap';
import { V8_FLAGS } from '../../policies/cedar-v8.js';

// V8 goes on without a flag that it does not know, and what it kept away would be back
t.test('this Node.js knows each flag of V8 that Cedar is loaded with', (t) => {
  const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  t.ok(V8_FLAGS.length > 0);
  for (const flag of V8_FLAGS) {
    const name = flag.replace(/^--(?:no-)?/, '').replace(/=.*/, '');
    t.match(known, new RegExp(`^ +--${name} `, 'm'), name);
  }
  t.end();
});
