/** What people are told of outside the console, by e-mail and by a webhook: section `notices`. */
import { type Static, Type } from 'typebox';
import { strict } from './strict.js';

/** One mailbox in ASCII: nothing of it can end a line of the protocol. */
export const MAILBOX = '^[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\\.)+[A-Za-z0-9]{2,63}$';

export const noticesSchema = Type.Object(
  {
    everySeconds: Type.Integer({
      default: 20,
      minimum: 1,
      maximum: 3600,
      description: 'seconds between two looks at what waits for whom',
    }),
    smtpHost: Type.String({
      default: '',
      pattern: '^(?:[A-Za-z0-9][A-Za-z0-9.:-]{0,252})?$',
      description: 'mail server that takes notifications for delivery; empty: none is sent by e-mail',
    }),
    smtpPort: Type.Integer({
      default: 587,
      minimum: 1,
      maximum: 65_535,
      description: 'on which the mail server listens',
    }),
    smtpTls: Type.Union([Type.Literal('starttls'), Type.Literal('implicit')], {
      default: 'starttls',
      description:
        '`starttls`: the connection becomes TLS after its first words, and is left where it cannot; `implicit`: it ' +
        'is TLS from the first byte on, as on port 465',
    }),
    smtpCaFile: Type.String({
      default: '',
      description:
        'file with the certificates (PEM) that vouch for it, relative to the workspace; empty: those that the system ' +
        'trusts',
    }),
    smtpUser: Type.String({
      default: '',
      maxLength: 200,
      description: 'name under which it is signed in to; empty: none',
    }),
    smtpPasswordFile: Type.String({
      default: '',
      description: 'file that holds the password, relative to the workspace; read with each connection',
    }),
    mailFrom: Type.String({
      default: '',
      pattern: `^$|${MAILBOX}`,
      description: 'address from which notifications come',
    }),
    webhookUrl: Type.String({
      default: '',
      pattern: '^(?:https://[^\\s?#@]+)?$',
      description:
        'where notifications go as signed webhooks, as to a bridge into the messenger of a city; empty: to none',
    }),
    webhookCaFile: Type.String({
      default: '',
      description:
        'file with the certificates (PEM) that vouch for where webhooks go, relative to the workspace; empty: those ' +
        'that the system trusts',
    }),
  },
  strict,
);
export type NoticesSettings = Static<typeof noticesSchema>;
