/**
 * /console/developer/keys: certificates for clients of the own department, for keys that stay where they were made. In
 * the development city the page issues and revokes them; in production it says where they come from, and refuses.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { ClientId } from '../../../../contracts/ids.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { TourStep } from '../../../../policies/tour.js';
import type { Client } from '../../../../policies/types.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { OnRecord, OwnCertificate, SelfService } from '../../../ground/identity/own-certificates.js';
import { type RequestFault, readSigningRequest, type SignedKey } from '../../../ground/identity/signing-request.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { asUploaded, sendFramed } from '../../ui/frame.js';
import { choicesOf, ownClients, sampleQuestion, shownQuestion } from './desk.js';
import { keysPage } from './keys-page.js';
import { KEYS } from './tabs.js';

const ROLES = ['developer'] as const;

interface Route {
  readonly Params: { readonly serial: string };
  readonly Querystring: { readonly client?: string; readonly made?: string };
  readonly Body: { readonly client?: string; readonly request?: string };
}
type Subjects = readonly { readonly subject: string; readonly scheme: string }[];

/** What is wrong with what was sent, beside its field. */
const WORDS: Readonly<Record<RequestFault, Localised>> = {
  private_key: {
    zh: '您提交的内容含有私钥，本系统没有保存。私钥不得离开您的机器：请作废这一密钥，重新生成后只提交签名请求。',
    en:
      'A private key was sent; it was not kept. It must not leave your machine: give that key up, make another, and ' +
      'send the signing request alone.',
  },
  unreadable: {
    zh: '不是证书签名请求，或者内容不完整。请提交第一步生成的请求文件。',
    en: 'That is no certificate signing request, or not a whole one. Send the file that the first step makes.',
  },
  weak_key: {
    zh: '密钥的种类或长度不符合要求。请按第一步的命令重新生成。',
    en: 'Its key is not one that is taken: P-256, P-384, P-521, RSA of 2048 to 8192 bits, Ed25519.',
  },
  unsigned: {
    zh: '请求的签名与其中的密钥不符，或者签名算法过旧。请重新生成。',
    en: 'It is not signed by its own key, or by an algorithm that is not taken (SHA-256, SHA-384, SHA-512 are).',
  },
};

/** The name by which a certificate makes one the client; undefined where no certificate of this page could. */
const uriOf = ({ binding, status, region }: Client): string | undefined =>
  status === 'active' && region === undefined && binding.kind === 'spiffe' ? binding.uri : undefined;

/** @throws YitongError `certificates_elsewhere` in production */
function atHand({ certificates }: GatewayContext): SelfService {
  if (certificates === undefined)
    throw new YitongError('certificates_elsewhere', 'certificates of this installation come from the CA of the city');
  return certificates;
}

const mine = ({ inForce }: GatewayContext, request: FastifyRequest): readonly Client[] =>
  ownClients(inForce().policies, sessionOf(request).person.authority);

/** All of the department, by client. */
const listOf = async (certificates: SelfService, clients: readonly Client[]): Promise<readonly OwnCertificate[]> =>
  (await Promise.all(clients.map(({ id }) => certificates.list(id)))).flat();

/** @throws YitongError `not_found`, the same for one of another department and for one that there is not */
async function foundIn(context: GatewayContext, request: FastifyRequest<Route>): Promise<OwnCertificate> {
  const all = await listOf(atHand(context), mine(context, request));
  const found = all.find(({ serial }) => serial === request.params.serial);
  if (found === undefined) throw new YitongError('not_found', 'your department has no such certificate');
  return found;
}

/** What stands in place of a private key as soon as one is read: enough to say that there was one. */
const MARK = '-----BEGIN PRIVATE KEY-----';

/** Before anything is kept of a form, for whatever reason it comes back. */
function dropKey({ body }: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  const fields = body as Record<string, unknown> | null | undefined;
  const sent = fields?.['request'];
  if (fields && typeof sent === 'string' && readSigningRequest(Buffer.from(sent, 'utf8')) === 'private_key')
    fields['request'] = MARK;
  done();
}

/** What a form or a file brought. @throws YitongError `bad_certificate_request`, beside its field */
function sentKey(request: FastifyRequest<Route>): SignedKey {
  const [file] = request.sentFiles;
  const key = readSigningRequest(file?.bytes ?? Buffer.from(request.body.request ?? '', 'utf8'));
  if (typeof key !== 'string') return key;
  // no field says what nobody wrote
  const { sent } = request;
  if (key === 'private_key' && sent !== undefined) request.sent = { ...sent, fields: { ...sent.fields, request: '' } };
  throw formFault({ [file === undefined ? 'request' : 'files']: WORDS[key] }, 'bad_certificate_request');
}

function askedFor(context: GatewayContext, request: FastifyRequest<Route>): { client: ClientId; uri: string } {
  const client = mine(context, request).find(({ id }) => id === request.body.client);
  if (client === undefined) throw new YitongError('not_found', 'your department has no such client');
  const uri = uriOf(client);
  if (uri === undefined)
    throw formFault(
      {
        client: {
          zh: '该应用已停用，或者使用其他证书机构的证书，不能在此申请。',
          en: 'This client is suspended, or comes with a certificate of another CA.',
        },
      },
      'certificates_elsewhere',
    );
  return { client: client.id, uri };
}

function actRoutes(app: FastifyInstance, context: GatewayContext): void {
  const did =
    (request: FastifyRequest, action: 'certificate_issued' | 'certificate_revoked') =>
    ({ client, serial, fingerprint, until }: OnRecord) =>
      app.people.record.did(sessionOf(request).person, {
        action,
        role: 'developer',
        target: client,
        detail: {
          requestId: request.id,
          serial,
          ...present({ fingerprint, notAfter: until === undefined ? undefined : new Date(until - 1000).toISOString() }),
        },
      });
  app.post<Route>(
    KEYS,
    { schema: { hide: true }, config: { roles: ROLES, files: true }, preValidation: dropKey },
    async (request, reply) => {
      const certificates = atHand(context);
      const asked = { ...askedFor(context, request), key: sentKey(request) };
      const { serial } = await certificates.issue(asked, did(request, 'certificate_issued'));
      return reply.header('cache-control', 'no-store').redirect(`${KEYS}?made=${serial}#made`, 303);
    },
  );
  app.post<Route>(
    `${KEYS}/:serial/revoke`,
    { schema: { hide: true }, config: { roles: ROLES } },
    async (request, reply) => {
      const { client, serial } = await foundIn(context, request);
      await atHand(context).revoke(client, serial, did(request, 'certificate_revoked'));
      return reply.header('cache-control', 'no-store').redirect(`${KEYS}#list`, 303);
    },
  );
}

export function keyRoutes(
  app: FastifyInstance,
  context: GatewayContext,
  subjects: Subjects,
  tour: readonly TourStep[],
): void {
  const { workspace, inForce, certificates, now } = context;
  const looked = (request: FastifyRequest, detail: Readonly<Record<string, unknown>> = {}, results?: number) =>
    app.people.record.looked(sessionOf(request).person, {
      requestId: request.id,
      action: 'client_certificates',
      role: 'developer',
      detail,
      ...present({ results }),
    });

  app.get<Route>(KEYS, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { language, query } = request;
    const { policies } = inForce();
    const clients = mine(context, request);
    const lines = certificates === undefined ? [] : await listOf(certificates, clients);
    const made = lines.find(({ serial }) => serial === query.made);
    const chosen = clients.find(({ id, status }) => id === (made?.client ?? query.client) && status === 'active');
    const choices = choicesOf(context, policies, sessionOf(request).person.authority, present({ client: chosen?.id }));
    // of a company of the city, where the workspace names one that the client may ask about
    const step = certificates === undefined ? undefined : tour.find(({ client }) => client === choices.client?.id);
    const { authority } = sessionOf(request).person;
    const shown = step === undefined ? undefined : shownQuestion(choicesOf(context, policies, authority, step), step);
    await looked(request, {}, lines.length);
    return sendFramed(request, reply, {
      title: language === 'zh' ? '应用证书' : 'Client certificates',
      workspace,
      scripts: ['choose.js', 'request.js'],
      children: keysPage({
        language,
        development: certificates !== undefined,
        clients: clients.map((client) => ({ client, uri: uriOf(client) })),
        client: choices.client,
        lines,
        question: shown ?? sampleQuestion(choices, subjects),
        known: shown !== undefined,
        now: now(),
        ...present({ made, api: certificates?.api() }),
      }),
    });
  });

  app.get<Route>(`${KEYS}/:serial`, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const { serial, content } = await foundIn(context, request);
    if (content === undefined)
      throw new YitongError('certificates_damaged', 'the file of this certificate is damaged; revoke it');
    await looked(request, { serial });
    return asUploaded(reply, 'application/x-pem-file', 'cert.pem').send(content.pem);
  });
  actRoutes(app, context);
}
