/**
 * The people's port of a worker behind TLS, a browser on it that is signed in without a provider, and cases that are
 * under way: for pages of officers and managers.
 */
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Answers, Bundle } from '../../../contracts/bundle/types.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { sealingKeysOf } from '../../../gateway/log/entries/sealing-keys.js';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';
import type { Cases, CasesOptions, HowDone } from '../../../gateway/procedures/cases/types.js';
import { applicantOf, casesOver, filledIn, saying } from '../../procedures/cases/office.js';
import { type Faces, faces } from '../api/faces.js';
import { chromiumForTest, type Desk, launch, signIn } from './browser.js';

export const TANG = { id: 'test|tang', name: '唐经办', roles: ['case-officer'], authority: 'samr' } as const;
export const LU = { id: 'test|lu', name: '陆经办', roles: ['case-officer'], authority: 'samr' } as const;
export const XU = { id: 'test|xu', name: '徐主任', roles: ['case-manager'], authority: 'samr' } as const;
type Who = Parameters<Faces['cookie']>[0];

/** Cases of a gateway's data folder, done by the test itself; what goes on record is thrown away. */
export interface Underway {
  readonly cases: Cases;
  readonly record: HowDone['record'];
  /** ms since 1970 of what is done next. */
  now: number;
  /** A case of the bundle's common case, submitted. */
  submitted(bundle: Bundle, answers?: Answers): Promise<string>;
}

export function underway(t: Test, dataDir: string, registers: CasesOptions['registers'] = saying({})): Underway {
  const state = openEmbeddedState({ dir: join(dataDir, 'state') });
  const keys = sealingKeysOf(auditLayout(dataDir).subjectKeys, 1000);
  t.teardown(async () => {
    await keys.close();
    await state.close();
  });
  const made: Underway = {
    now: Date.now(),
    cases: casesOver(state, keys, () => made.now, registers),
    record: () => Promise.resolve({ id: 'w1:1', json: '{}' }),
    async submitted(bundle, answers = bundle.usual.answers) {
      const id = await filledIn(made, bundle, answers);
      await made.cases.act(id, { act: 'submit' }, { actor: applicantOf(bundle), record: made.record });
      return id;
    },
  };
  return made;
}

export interface Office {
  readonly here: Faces;
  /** Signed in; without a person, whoever comes to the pages that everybody sees. */
  readonly as: (who?: Who) => Promise<Desk>;
}

/** Undefined where there is no Chromium. */
export async function officeWithBrowser(
  t: Test,
  settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Promise<Office | undefined> {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return undefined;
  const here = await faces(t, {
    settings: { ...settings, gateway: { caseDrivers: 'development', ...settings['gateway'] } },
  });
  await here.people.listen({ host: '127.0.0.1', port: 0 });
  const { port } = here.people.server.address() as AddressInfo;
  const pki = t.testdir();
  await initPki(pki);
  const files = await issueServer(pki);
  const tls = createServer(
    { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') },
    (request, reply) => {
      const { method, url, headers } = request;
      const passed = httpRequest({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        reply.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(reply);
      });
      passed.on('error', () => reply.destroy());
      request.pipe(passed);
    },
  );
  await new Promise<void>((resolve) => void tls.listen(0, '127.0.0.1', resolve));
  const address = `https://127.0.0.1:${String((tls.address() as AddressInfo).port)}`;
  const browser = await launch(t, chromium);
  t.teardown(() => new Promise((resolve) => (tls.closeAllConnections(), tls.close(resolve))));
  return {
    here,
    async as(who) {
      if (who === undefined) return signIn(browser, address);
      const [name = '', value = ''] = (await here.cookie(who)).split('=');
      return signIn(browser, address, { name, value });
    },
  };
}
