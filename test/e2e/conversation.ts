/** A conversation in the guide without a browser's engine: what is said, a call for a person, and the answer. */
import type { Test } from 'tap';
import { Browser } from './browser.js';
import type { City } from './city.js';

/** What may be found nowhere once who said it is erased, and in no clear text before. */
export const SAID = {
  place: '无痕试验餐馆',
  help: '请无痕试验员回电一三八',
  reply: '无痕试验答复已核对',
};

export interface Conversation {
  readonly applicant: Browser;
  readonly officer: Browser;
  /** Of the case. */
  readonly id: string;
}

const field = (name: string, html: string): string =>
  new RegExp(`name="${name}"[^>]*value="([^"]+)"`).exec(html)?.[1] ??
  new RegExp(`value="([^"]+)"[^>]*name="${name}"`).exec(html)?.[1] ??
  '';

/** @param people ids of who applies and of the officer at the development provider */
export async function converse(
  t: Test,
  at: City,
  people: { applicant: string; officer: string },
): Promise<Conversation> {
  const [applicant, officer] = [new Browser(), new Browser()];
  await applicant.signIn(at, people.applicant);
  await officer.signIn(at, people.officer);
  const asked = await applicant.post(at, '/guide', '/guide', { sentence: `${SAID.place}要办执照` });
  t.equal(asked.status, 200);
  const begun = await applicant.post(at, '/guide', '/guide/begin', {
    bundle: 'open-restaurant',
    'v-premises.place-name': SAID.place,
  });
  t.equal(begun.location, '/guide/begin');
  const page = await applicant.get(at, '/guide/begin');
  t.match(page.text, SAID.place, 'what was said goes along');
  const opened = await applicant.post(at, '/guide/begin', '/guide/cases', {
    bundle: 'open-restaurant',
    of: field('of', page.text),
    once: field('once', page.text),
    'v-premises.place-name': SAID.place,
  });
  t.match(opened.location, /^\/guide\/cases\/[0-9a-f]{16}/, opened.text.slice(0, 2000));
  const id = /cases\/([0-9a-f]{16})/.exec(opened.location)?.[1] ?? '';
  const talk = `/guide/cases/${id}`;
  // an answer that is not understood is counted, and said nowhere
  await applicant.post(at, talk, `${talk}/answer`, {
    at: field('at', (await applicant.get(at, talk)).text),
    says: SAID.help,
  });
  t.equal((await applicant.post(at, talk, `${talk}/help`, { says: SAID.help })).status, 303);
  const calls = await officer.get(at, '/console/calls');
  t.match(calls.text, SAID.help);
  const answered = await officer.post(at, '/console/calls', `/console/calls/${id}`, {
    seen: field('seen', calls.text),
    says: SAID.reply,
  });
  t.equal(answered.status, 303);
  t.match((await applicant.get(at, talk)).text, SAID.reply, 'the answer stands in the conversation');
  // and another that nobody answers
  t.equal((await applicant.post(at, talk, `${talk}/help`, { says: SAID.help })).status, 303);
  t.match((await officer.get(at, '/console/calls')).text, SAID.help);
  return { applicant, officer, id };
}

/** Nothing of it is shown any more, to nobody. */
export async function forgotten(t: Test, at: City, { applicant, officer, id }: Conversation): Promise<void> {
  for (const [who, path] of [
    [applicant, `/guide/cases/${id}`],
    [applicant, `/console/matters/${id}`],
    [applicant, '/console/matters'],
    [officer, '/console/calls'],
    [officer, `/console/casework/${id}`],
  ] as const) {
    const { status, text } = await who.get(at, path);
    t.ok(status < 500, `${path}: ${String(status)}`);
    for (const word of Object.values(SAID)) t.notOk(text.includes(word), `${path} tells nothing of it`);
  }
}
