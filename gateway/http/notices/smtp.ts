/**
 * One message to a mail server (RFC 5321): over TLS with a verified certificate, from the first byte on or after
 * STARTTLS (RFC 3207), and signed in to only then. What the server says is read by its code alone.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { NotDelivered } from '../../procedures/subscriptions/outlet.js';

interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit';
  /** File with certificates; undefined: those of the system. */
  readonly caFile?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly from: string;
}

interface Mail {
  /** The same whenever it is sent again. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** ms since 1970 */
  readonly at: number;
}

/** The server will not take it, however often it is asked. */
export class Refused extends NotDelivered {}

/** ms for each answer of the server. */
const WITHIN = 5000;
const MOST_BYTES = 65_536;
const LINE = 76;

const encoded = (text: string): string => {
  const words: string[] = [];
  let word = '';
  // an encoded word has 75 characters at most, and never half a character (RFC 2047, section 2)
  for (const sign of text) {
    if (Buffer.byteLength(word + sign) > 42) {
      words.push(word);
      word = '';
    }
    word += sign;
  }
  return [...words, word].map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`).join('\r\n ');
};

/** As it leaves: the body in base64, so that no line of it is taken for the end. */
function written({ from }: MailServer, { id, to, subject, text, at }: Mail): string {
  const domain = from.slice(from.indexOf('@') + 1);
  const name = createHash('sha256').update(id).digest('hex').slice(0, 32);
  const body = Buffer.from(text.replace(/\r?\n/g, '\r\n')).toString('base64');
  return [
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: ${encoded(subject)}`,
    `Date: ${new Date(at).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${name}@${domain}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    ...(body.match(new RegExp(`.{1,${String(LINE)}}`, 'g')) ?? []),
    '',
  ].join('\r\n');
}

const codeOf = (error: Error): string => ('code' in error ? String(error.code) : 'no reason given');

/** What is said and heard on one connection. */
class Talk {
  #socket: Socket;
  #heard = '';
  #wake: (() => void) | undefined;
  #over: string | undefined;
  readonly #onData = (chunk: Buffer): void => {
    this.#heard += chunk.toString('latin1');
    if (this.#heard.length > MOST_BYTES) this.end('it says too much');
    this.#wake?.();
  };

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#follow();
  }

  #follow(): void {
    this.#socket.on('data', this.#onData);
    this.#socket.on('error', (error) => this.end(`the connection broke (${codeOf(error)})`));
    this.#socket.once('close', () => this.end('it ended the connection'));
  }

  end(why: string): void {
    this.#over ??= why;
    this.#socket.destroy();
    this.#wake?.();
  }

  /** The code of a whole answer, and its lines. */
  async answer(): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    const timer = setTimeout(() => this.end('it does not answer in time'), WITHIN);
    try {
      for (;;) {
        const whole = /^(?:\d{3}-[^\n]*\n)*(\d{3})(?: [^\n]*)?\r?\n/.exec(this.#heard);
        if (whole !== null) {
          this.#heard = this.#heard.slice(whole[0].length);
          return {
            code: Number(whole[1]),
            lines: whole[0]
              .trim()
              .split(/\r?\n/)
              .map((line) => line.slice(4)),
          };
        }
        if (this.#over !== undefined) throw new NotDelivered(this.#over);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
    }
  }

  /** @throws Refused where it never will, NotDelivered where it may another time */
  async ask(line: string, wanted: number): Promise<readonly string[]> {
    this.#socket.write(`${line}\r\n`);
    return this.expect(wanted);
  }

  async expect(wanted: number): Promise<readonly string[]> {
    const { code, lines } = await this.answer();
    if (code === wanted) return lines;
    const Kind = code >= 500 && code <= 599 ? Refused : NotDelivered;
    throw new Kind(`it answers ${String(code)}`);
  }

  /** @throws NotDelivered also where something came in clear before the handshake, which is nobody's word */
  async secure(options: ConnectionOptions): Promise<void> {
    const plain = this.#socket;
    plain.off('data', this.#onData);
    if (this.#heard !== '') throw new NotDelivered('it says more in clear than it was asked for');
    this.#socket = await secured({ ...options, socket: plain });
    this.#follow();
  }
}

/** @throws NotDelivered also where its certificate is not vouched for */
function secured(options: ConnectionOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...options, minVersion: 'TLSv1.2' });
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new NotDelivered(why));
    };
    const timer = setTimeout(() => fail('it takes no connection in time'), WITHIN);
    socket.once('error', (error) => fail(`it takes no connection (${codeOf(error)})`));
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

function plain(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectPlain({ host, port });
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new NotDelivered(why));
    };
    const timer = setTimeout(() => fail('it takes no connection in time'), WITHIN);
    socket.once('error', (error) => fail(`it takes no connection (${codeOf(error)})`));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

const readOr = async (file: string, what: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new NotDelivered(`the file of \`${what}\` cannot be read`);
  }
};

/** Taken by the server when it resolves. @throws Refused, NotDelivered */
export async function sendMail(server: MailServer, mail: Mail): Promise<void> {
  const { host, port, tls, caFile, user, passwordFile, from } = server;
  const options: ConnectionOptions = {
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(caFile === undefined ? {} : { ca: await readOr(caFile, 'notices.smtpCaFile') }),
  };
  const talk = new Talk(tls === 'implicit' ? await secured(options) : await plain(host, port));
  try {
    await talk.expect(220);
    const hello = `EHLO ${from.slice(from.indexOf('@') + 1)}`;
    const offers = await talk.ask(hello, 250);
    if (tls === 'starttls') {
      if (!offers.some((one) => one.trim().toUpperCase() === 'STARTTLS'))
        throw new NotDelivered('it offers no TLS, and nothing is said to it without');
      await talk.ask('STARTTLS', 220);
      await talk.secure(options);
      await talk.ask(hello, 250);
    }
    if (user !== undefined) {
      const password =
        passwordFile === undefined ? '' : (await readOr(passwordFile, 'notices.smtpPasswordFile')).trimEnd();
      // a server that does not know the name may know it later
      await talk.ask(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`, 235).catch(() => {
        throw new NotDelivered('it does not take the name and password');
      });
    }
    await talk.ask(`MAIL FROM:<${from}>`, 250);
    await talk.ask(`RCPT TO:<${mail.to}>`, 250);
    await talk.ask('DATA', 354);
    await talk.ask(`${written(server, mail)}.`, 250);
  } finally {
    talk.end('it is done');
  }
}
