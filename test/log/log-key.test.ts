/** The log's key cannot be changed within a log; whoever lost it must not lose the key's name as well. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { openAuditSigners, openSigner } from '../../gateway/log/store/signer.js';

const names = { origin: 'city.example/log', replica: 'city.example/log/replica' };

t.test('a log whose key is gone or another is not begun again under a new one, and its vkey stays', (t) => {
  const dir = t.testdir();
  const { keys, log } = auditLayout(dir);
  const file = join(keys, 'log.key');
  const vkey = (): string => readFileSync(join(log, 'vkey'), 'utf8').trim();
  const first = openAuditSigners(dir, names).log.vkey;
  t.equal(vkey(), first);
  t.equal(openAuditSigners(dir, names).log.vkey, first, 'the next start has the same');

  renameSync(file, join(dir, 'lost.key'));
  t.throws(() => openAuditSigners(dir, names), { code: 'audit_unavailable', message: /a key that is gone/ });
  t.throws(() => readFileSync(file), 'none is made in its place');
  openSigner(file, names.origin);
  t.throws(() => openAuditSigners(dir, names), { code: 'audit_unavailable', message: /another key/ });
  t.throws(() => openAuditSigners(dir, { ...names, origin: 'other.example/log' }), { code: 'audit_unavailable' });
  t.equal(vkey(), first);

  writeFileSync(file, readFileSync(join(dir, 'lost.key')), { mode: 0o600 });
  t.equal(openAuditSigners(dir, names).log.vkey, first, 'the key that was put back goes on');
  rmSync(file);
  rmSync(log, { recursive: true });
  t.not(openAuditSigners(dir, names).log.vkey, first, 'a new log has a new key');
  t.end();
});
