import fc from 'fast-check';
import t from 'tap';
import {
  type CodeEvent,
  type CodeRecord,
  type CodeState,
  made,
  stateAt,
  step,
  TERMS,
} from '../../../gateway/documents/compliance/machine.js';
import { memoryCodes } from '../../../gateway/documents/compliance/store.js';
import { bank, COMPANY, codeOf, codesWorld, inspector, owner, page, question, stranger } from './compliance-world.js';

const asked = { scanner: bank, question, number: '0007' };
const event: fc.Arbitrary<CodeEvent> = fc.oneof(
  fc.constant({ kind: 'scan' as const, asked, ticket: 't' }),
  fc.constantFrom({ kind: 'confirm' as const }, { kind: 'refuse' as const }, { kind: 'release' as const }),
);
const pause = fc.oneof(
  fc.constant(0),
  fc.nat({ max: 70_000 }),
  fc.constantFrom(...Object.values(TERMS)),
  fc.constantFrom(...Object.values(TERMS).map((term) => term - 1)),
);

t.test(
  'whatever happens in whatever order, a code goes only the ways that there are, and is answered only behind ' +
    'scan and confirmation, each in time',
  (t) => {
    const ways: Readonly<Record<CodeState, Readonly<Record<string, CodeState>>>> = {
      created: { scan: 'scanned', refuse: 'refused' },
      scanned: { confirm: 'confirmed', refuse: 'refused' },
      confirmed: { release: 'answered', refuse: 'refused' },
      refused: {},
      answered: {},
      expired: {},
    };
    const reached = new Set<CodeState>();
    fc.assert(
      fc.property(fc.array(fc.tuple(event, pause), { maxLength: 12, size: 'max' }), (happenings) => {
        let now = 1_700_000_000_000;
        let record: CodeRecord = made('o', 's', now);
        let since = now;
        const went: string[] = [];
        for (const [one, wait] of happenings) {
          now += wait;
          const before = stateAt(record, now);
          reached.add(before);
          const term = TERMS[record.state as keyof typeof TERMS] as number | undefined;
          if (term !== undefined && (before === 'expired') !== now - since >= term) return false;
          const next = step(record, one, now);
          const to = ways[before][one.kind];
          if ('code' in next) {
            if (to !== undefined) return false;
            continue;
          }
          if (to === undefined || next.record.state !== to) return false;
          record = next.record;
          since = now;
          went.push(one.kind);
        }
        return !went.includes('release') || went.join() === 'scan,confirm,release';
      }),
      { numRuns: 5000 },
    );
    t.same(
      [...reached].sort(),
      ['answered', 'confirmed', 'created', 'expired', 'refused', 'scanned'],
      'the property saw every state',
    );
    t.end();
  },
);

t.test('an answer that the company has not confirmed is refused as such', (t) => {
  const now = 1_700_000_000_000;
  t.same(step(made('o', 's', now), { kind: 'release' }, now), { code: 'code_not_confirmed' });
  t.end();
});

type Act =
  | { readonly kind: 'create' }
  | { readonly kind: 'wait'; readonly ms: number }
  | {
      readonly kind: 'scan' | 'confirm' | 'blind' | 'refuse' | 'collect' | 'sweep';
      readonly code: number;
      readonly who: number;
    };

t.test(
  'no path through codes, people, scanners and workers answers without the confirmation of the company, twice, to ' +
    'another, or off the record',
  async (t) => {
    const scanners = [bank, page, inspector];
    const people = [owner, stranger];
    const kinds = [
      'scan',
      'scan',
      'confirm',
      'confirm',
      'blind',
      'refuse',
      'collect',
      'collect',
      'collect',
      'sweep',
    ] as const;
    // mostly the same few, or hardly any code would come to its end
    const few = fc.constantFrom(0, 0, 0, 0, 1, 2);
    const act: fc.Arbitrary<Act> = fc.oneof(
      { weight: 2, arbitrary: fc.constant<Act>({ kind: 'create' }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: pause }) },
      { weight: 12, arbitrary: fc.record({ kind: fc.constantFrom(...kinds), code: few, who: few }) },
    );
    // the way that ends well, with anything at all in between
    const some = fc.array(act, { maxLength: 8 });
    const on = (kind: 'scan' | 'confirm' | 'collect'): Act => ({ kind, code: 0, who: 0 });
    const story = fc
      .tuple(some, some, some, some)
      .map(([a, b, c, d]): readonly Act[] => [
        { kind: 'create' },
        ...a,
        on('scan'),
        ...b,
        on('confirm'),
        ...c,
        on('collect'),
        ...d,
      ]);
    let answers = 0;
    await fc.assert(
      fc.asyncProperty(story, async (acts) => {
        const store = memoryCodes();
        const here = codesWorld([store, store]);
        const codes: {
          readonly code: string;
          readonly id: string;
          readonly until: number;
          scanner?: number;
          ticket?: string;
          confirmed?: number;
          refused?: boolean;
          answered?: boolean;
        }[] = [];
        for (const [turn, one] of acts.entries()) {
          const worker = here.workers[turn % 2 === 0 ? 0 : 1];
          if (one.kind === 'create') codes.push(await worker.create(owner, COMPANY, 'r'));
          else if (one.kind === 'wait') here.clock.now += one.ms;
          else {
            const known = codes[one.code];
            const scanner = scanners[one.who] ?? bank;
            const person = people[one.who % 2] ?? owner;
            if (known === undefined) continue;
            const { now } = here.clock;
            if (one.kind === 'sweep') await store.sweep(now);
            else if (one.kind === 'scan') {
              let ticket: string | undefined;
              const outcome = await codeOf(
                worker.scan(known.code, scanner, '192.0.2.1', question, 'r').then((done) => (ticket = done.ticket)),
              );
              const right =
                known.scanner !== undefined || known.refused === true
                  ? 'code_used'
                  : now >= known.until
                    ? 'code_expired'
                    : 'ok';
              if (outcome !== right) return false;
              if (ticket !== undefined) Object.assign(known, { scanner: one.who, ticket });
            } else if (one.kind === 'confirm') {
              let shown = '';
              if (
                (await codeOf(worker.look(known.id, person).then((view) => (shown = view.shown ?? '')))) === 'ok' &&
                person !== owner
              )
                return false;
              if ((await codeOf(worker.confirm(known.id, person, shown, 'r'))) === 'ok') {
                if (person !== owner || known.scanner === undefined) return false;
                known.confirmed = now;
              }
            } else if (one.kind === 'blind') {
              if ((await codeOf(worker.confirm(known.id, owner, '', 'r'))) === 'ok') return false;
            } else if (one.kind === 'refuse') {
              if ((await codeOf(worker.refuse(known.id, person, 'r'))) === 'ok') {
                if (person !== owner || known.answered === true) return false;
                known.refused = true;
              }
            } else {
              const before = here.entries.length;
              let got: Awaited<ReturnType<typeof worker.collect>> | undefined;
              await codeOf(
                worker.collect(known.id, known.ticket ?? known.code, scanner, 'r').then((done) => (got = done)),
              );
              if (got?.state !== 'answered') continue;
              const entry = here.entries[before];
              const fine =
                known.confirmed !== undefined &&
                known.refused !== true &&
                known.answered !== true &&
                known.scanner === one.who &&
                now - known.confirmed < TERMS.confirmed &&
                got.answer.subject === COMPANY &&
                JSON.stringify(got.answer.question) === JSON.stringify(question) &&
                entry?.body['step'] === 'answered' &&
                entry.body['code'] === known.id;
              if (!fine) return false;
              known.answered = true;
              answers++;
            }
          }
        }
        return true;
      }),
      { numRuns: 1000 },
    );
    t.ok(answers > 50, `the property saw ${answers} answers`);
  },
);
