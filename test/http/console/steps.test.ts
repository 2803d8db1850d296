import Fastify from 'fastify';
import { h } from 'preact';
import t, { type Test } from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import type { Session } from '../../../gateway/http/people/sessions.js';
import type { People } from '../../../gateway/http/plugins/people.js';
import { sendInSteps } from '../../../gateway/http/ui/frame.js';

const session = {
  person: { id: 'i|s', name: '何经理', roles: ['subject'], subjects: [] },
  csrf: 'c',
  since: 0,
  seen: 0,
  key: '',
} satisfies Session;
const workspace = { name: { zh: '城', en: 'city' }, synthetic: false };

type Run = Parameters<typeof sendInSteps>[3];

async function answer(
  t: Test,
  run: Run,
  patience: number,
): Promise<{ readonly status: number; readonly text: string }> {
  const app = Fastify();
  t.teardown(() => app.close());
  app.decorate('people', { nav: [], kept: { sealPlace: () => 'p' } } as unknown as People);
  app.decorate('refused', () => Promise.resolve());
  app.addHook('onRequest', (request, _reply, done) => {
    request.session = session;
    request.language = 'zh';
    done();
  });
  app.setErrorHandler((error, _request, reply) =>
    reply.code(error instanceof YitongError ? error.status : 500).send('refused'),
  );
  app.get('/', (request, reply) => sendInSteps(request, reply, { title: '页', workspace }, run, patience));
  const { statusCode, body } = await app.inject('/');
  return { status: statusCode, text: body };
}
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Until the page has begun: what is told before is not shown. */
const begun = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

t.test('what is ready at once comes as one page, without a bar', async (t) => {
  const { status, text } = await answer(
    t,
    async (progress) => (progress(1, 2), await soon(), h('p', null, '好了')),
    10_000,
  );
  t.equal(status, 200);
  t.match(text, /<main[^]*好了[^]*<\/main>/);
  t.notMatch(text, /progress/);
});

t.test('what takes longer tells how far it is, and then comes whole', async (t) => {
  const { text } = await answer(
    t,
    async (progress) => (await begun(), progress(3, 70), progress(70, 70), h('p', null, '好了')),
    1,
  );
  t.match(text, /^<!doctype html>[^]*<main[^]*3 \/ 70[^]*max="70" value="70"[^]*好了[^]*<\/main>[^]*<\/html>$/);
});

t.test('a refusal has its status while there is one to have, and is said on the page afterwards', async (t) => {
  const refuse = (): never => {
    throw new YitongError('audit_unavailable', 'the disk is gone');
  };
  t.equal((await answer(t, () => soon().then(refuse), 10_000)).status, 503);
  const { text } = await answer(t, () => begun().then(refuse), 1);
  t.match(text, /role="alert"[^]*audit_unavailable[^]*<\/html>$/);
  t.notMatch(text, /the disk is gone/);
});
