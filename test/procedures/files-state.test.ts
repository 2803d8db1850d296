/** Files of tickets, in a data folder and in a state that replicas share. */
import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import {
  type TicketFile,
  type TicketFiles,
  ticketFilesIn,
  ticketFilesInState,
} from '../../gateway/procedures/lifecycles/files.js';
import { SHARED, type SharedKind, sharedState } from '../support/shared-state.js';

const NOW = Date.parse('2026-11-26T01:00:00Z');
const DAY = 86_400_000;
const secret = { pseudonym: 'a'.repeat(32), key: createSecretKey(randomBytes(32)) };
const fileOf = (text: string): TicketFile & { readonly bytes: Buffer } => {
  const bytes = Buffer.from(text);
  const digest = createHash('sha256').update(bytes).digest('base64url');
  return {
    id: randomBytes(8).toString('hex'),
    name: 'a.pdf',
    type: 'application/pdf',
    size: bytes.length,
    digest,
    bytes,
  };
};

async function opened(t: Test, kind: 'files' | SharedKind): Promise<readonly [TicketFiles, () => void] | undefined> {
  const dir = t.testdir();
  // of a folder the time of the disk tells when a file came
  const old = (): void => {
    const all = join(dir, 'tickets', 'files');
    for (const name of readdirSync(all)) utimesSync(join(all, name), NOW / 1000, NOW / 1000);
  };
  if (kind === 'files') return [ticketFilesIn(dir), old];
  const state = await (await sharedState(t, kind))?.();
  return state && [ticketFilesInState(state), () => undefined];
}

for (const kind of ['files', ...SHARED] as const)
  t.test(kind, async (t) => {
    const [files, grownOld] = (await opened(t, kind)) ?? [];
    if (files === undefined || grownOld === undefined) return;
    const [ticket, stray] = ['1'.repeat(16), '2'.repeat(16)];
    const [one, two, three] = [fileOf('one'), fileOf('two'), fileOf('three')];
    await files.store(ticket, [one, two], secret, NOW);
    await files.store(stray, [three], secret, NOW);
    t.same(await files.load(ticket, one, secret), one.bytes);
    await t.rejects(files.load(ticket, three, secret), { code: 'store_damaged' }, 'of another ticket');
    await t.rejects(files.load(ticket, { ...one, digest: two.digest }, secret), { code: 'store_damaged' });
    await files.drop(ticket, [two]);
    await t.rejects(files.load(ticket, two, secret), { code: 'store_damaged' });

    grownOld();
    const isTicket = async (id: string): Promise<boolean> => id === ticket;
    for (const now of [NOW + DAY + 1, NOW + 2 * DAY]) {
      await files.dropStray(isTicket, now);
      t.same(await files.load(ticket, one, secret), one.bytes, 'of a ticket that is there it stays');
      await t.rejects(files.load(stray, three, secret), { code: 'store_damaged' }, 'of one that never came it goes');
    }
    await files.remove(ticket);
    await t.rejects(files.load(ticket, one, secret), { code: 'store_damaged' });
  });
