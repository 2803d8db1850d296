/**
 * A credential from a running city: its company shows a bank one of 41 domains; ours and somebody else's verifier
 * believe it until the centre revokes it.
 */
import t from 'tap';
import { dayIn } from '../../gateway/documents/compute/index.js';
import { present } from '../../gateway/documents/credentials/present.js';
import { foreignVerifier } from '../documents/reports/foreign.js';
import { BANK, ISSUER, jwkOf, NONCE, newKey } from '../documents/reports/vc-world.js';
import { ask, type RawAnswer, until } from './ask.js';
import { city } from './city.js';
import { entries, run } from './command.js';
import { companies } from './stories.js';

t.setTimeout(240_000);

void t.test(
  'a bank is shown taxation and nothing else, and within a minute of the revocation nobody believes it',
  async (t) => {
    const town = await city(t, {
      args: ['--companies', '60'],
      env: { YITONG_GATEWAY_WORKERS: '2', YITONG_PEOPLE_PUBLIC_URL: ISSUER },
    });
    const centre = await town.as('credit-report-centre');
    const [company = ''] = await companies(town.data);
    const issued = await centre.issueReport({
      report: 'credit',
      as: company,
      subjects: [company],
      from: '2022-01-01',
      to: dayIn(Date.now()),
      purpose: 'financing',
      bearer: '云州银行',
    });
    const holderKey = newKey();
    const fetch = (more: Readonly<Record<string, string>> = {}): Promise<RawAnswer> =>
      ask(town.api, town.pki, 'credit-report-centre', {
        path: `/v1/reports/${issued.id}`,
        headers: { accept: 'application/dc+sd-jwt', 'yitong-subject': company, 'yitong-code': issued.code, ...more },
      });
    const holder = { 'yitong-holder': Buffer.from(JSON.stringify(jwkOf(holderKey))).toString('base64url') };
    t.match(
      await fetch({ 'yitong-holder': 'e30' }),
      { status: 400, text: /bad_request/ },
      'bound to a key that is none',
    );
    const got = await fetch(holder);
    t.match(
      got,
      {
        status: 200,
        headers: {
          'content-type': 'application/dc+sd-jwt',
          'content-disposition': 'attachment; filename="report.sdjwt"',
        },
      },
      got.text.slice(0, 200),
    );
    const shown = (vc: string): Promise<string> =>
      present(vc, ['taxation'], { nonce: NONCE, audience: BANK, holderKey, now: Date.now() });
    const presentation = await shown(got.text);

    const verify = (changed: object = {}): Promise<RawAnswer> =>
      ask(town.api, town.pki, 'bidding-centre', {
        method: 'POST',
        path: '/v1/credentials/verify',
        body: { presentation, nonce: NONCE, audience: BANK, required: ['taxation'], subjects: [company], ...changed },
      });
    const believed = await verify();
    t.equal(believed.status, 200, believed.text);
    t.match(JSON.parse(believed.text), {
      claims: { iss: ISSUER, bearer: '云州银行', subjects: [{ subject: company }] },
      sections: [{ domain: { id: 'taxation' }, state: /none|records/ }],
      receipt: { seq: Number },
    });
    t.equal((JSON.parse(believed.text) as { readonly sections: readonly object[] }).sections.length, 1);
    const refusals: readonly (readonly [string, object])[] = [
      ['credential_claim_missing', { required: ['taxation', 'water'] }],
      ['holder_proof_nonce', { nonce: 'another nonce of the bank' }],
      ['holder_proof_audience', { audience: 'https://other.example' }],
      ['credential_claim_missing', { subjects: ['uscc:91990101MAEXA0001X'] }],
      ['credential_malformed', { presentation: 'x' }],
      ['holder_proof_missing', { presentation: presentation.slice(0, presentation.lastIndexOf('~') + 1) }],
      ['bad_request', { required: [] }],
      ['bad_request', { nonce: 'short' }],
    ];
    for (const [code, changed] of refusals) t.match(JSON.parse((await verify(changed)).text), { code }, code);
    const [unbound, other] = [await fetch(), await fetch(holder)];
    t.match(
      JSON.parse(
        (
          await verify({
            presentation: await present(unbound.text, ['taxation'], { nonce: NONCE, audience: BANK, now: Date.now() }),
          })
        ).text,
      ),
      { code: 'holder_proof_missing' },
      'a credential that is bound to nobody',
    );

    const open = async (path: string): Promise<RawAnswer> => ask(town.people, town.pki, 'bidding-centre', { path });
    const published = async (): Promise<Readonly<Record<string, string>>> => ({
      [`${ISSUER}/.well-known/jwt-vc-issuer`]: (await open('/.well-known/jwt-vc-issuer')).text,
      [`${ISSUER}/status/0`]: (await open('/status/0')).text,
    });
    t.match(await open('/status/0'), {
      status: 200,
      headers: { 'content-type': 'application/statuslist+jwt', 'cache-control': 'public, max-age=10' },
    });
    t.match(await open('/status/7'), { status: 404 });
    t.match(await open('/status/..%2f0'), { status: 404 });
    const bank = foreignVerifier(t, ISSUER);
    const foreign = async () =>
      bank?.({
        presentation,
        nonce: NONCE,
        audience: BANK,
        domains: ['taxation'],
        published: await published(),
        now: Date.now() / 1000,
      });
    if (bank !== undefined) t.match(await foreign(), { status: 0, stdout: /0:taxation/ });

    await t.rejects(
      (await town.as('one-stop-counter')).revokeReport(issued.id, 'no reason'),
      { code: 'not_found', status: 404 },
      'by nobody but the client that issued it',
    );
    t.equal((await verify()).status, 200);
    const at = Date.now();
    const said = await run('report', 'revoke', issued.id, '--reason', '出具对象有误', '--data', town.data, '--json');
    t.equal(said.code, 0, said.stderr);
    const { revokedAt, credentials } = JSON.parse(said.stdout) as {
      readonly revokedAt: string;
      readonly credentials: number;
    };
    t.equal(credentials, 3, 'each credential of the report');
    t.match(JSON.parse((await verify()).text), { code: 'credential_revoked', status: 422 });
    t.match(JSON.parse((await verify({ presentation: await shown(other.text) })).text), { code: 'credential_revoked' });
    t.match(await fetch(holder), { status: 409, text: /report_revoked/ }, 'and no new one is made');
    t.equal((await centre.revokeReport(issued.id, '再次')).revokedAt, revokedAt, 'once, for good');
    if (bank !== undefined) {
      await until(
        'somebody else sees the revocation',
        foreign,
        (found) => found?.stderr.includes('revoked') === true,
        60_000,
      );
      t.ok(Date.now() - at < 60_000);
    }
    const page = await open(`/verify/${issued.code}`);
    t.match(page, { status: 200, text: /已撤销/ });
    t.notMatch(
      page.text,
      /真实有效|data-outcome="genuine"/,
      'nothing on the page of a revoked document says that it is genuine',
    );

    const acts = await until(
      'the entries',
      () =>
        entries<{ readonly action: string; readonly target: string }>(
          town.data,
          '--type',
          'administration',
          '--subject',
          company,
        ),
      (found) => found.length >= 2,
    );
    t.ok(acts.every(({ action, target }) => action === 'document_revoked' && target === issued.id));
    const verified = await until(
      'the verifications',
      () => entries<{ readonly outcome: string; readonly by: string }>(town.data, '--type', 'verified'),
      (found) => found.filter(({ outcome }) => outcome === 'revoked').length >= 3,
    );
    t.equal(verified.filter(({ outcome, by }) => outcome === 'revoked' && by === 'public page').length, 1);
    t.notMatch(town.said(), new RegExp(company.slice(5)));
  },
);
