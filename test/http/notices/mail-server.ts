/** A mail server that speaks as much of RFC 5321 as is needed, over TLS, and can do each thing wrong that servers do. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Test } from 'tap';
import { initPki, issueServer } from '../../../gateway/operate/pki/authority.js';

export interface Received {
  readonly id: string;
  readonly to: string;
  readonly raw: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * `busy`: answers 451; `full`: refuses each address for good; `cuts`: takes the message and goes before it says so;
 * `plain`: offers no TLS; `injects`: says something in clear behind its yes to TLS; `hangs`: says nothing.
 */
export type Mood = 'up' | 'busy' | 'full' | 'cuts' | 'plain' | 'injects' | 'hangs';

const decoded = (subject: string): string =>
  [...subject.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)]
    .map(([, word = '']) => Buffer.from(word, 'base64').toString())
    .join('');

function parsed(to: string, raw: string): Received {
  const [head = '', body = ''] = raw.split('\r\n\r\n');
  const lines = head.replace(/\r\n /g, ' ').split('\r\n');
  const of = (name: string): string => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
  return {
    id: of('Message-ID'),
    to,
    raw,
    subject: decoded(of('Subject')),
    text: Buffer.from(body, 'base64').toString(),
  };
}

export class MailServer {
  mood: Mood = 'up';
  readonly received: Received[] = [];
  /** Whatever came before TLS. */
  readonly clear: string[] = [];
  readonly signedIn: string[] = [];
  port = 0;
  ca = '';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #context = createSecureContext();

  constructor(readonly implicit = false) {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async open(t: Test): Promise<this> {
    const dir = mkdtempSync(join(tmpdir(), 'yitong-test-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    await initPki(dir);
    const { cert, key } = await issueServer(dir);
    this.#context = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
    this.ca = join(dir, 'ca.pem');
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
    t.teardown(() => {
      for (const socket of this.#sockets) socket.destroy();
      this.#server.close();
    });
    return this;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.mood === 'hangs') return;
    const secured = (): TLSSocket => new TLSSocket(socket, { isServer: true, secureContext: this.#context });
    if (this.implicit) this.#talk(secured(), true, secured);
    else this.#talk(socket, false, secured);
  }

  #talk(socket: Socket, safe: boolean, secured: () => TLSSocket, greets = true): void {
    const { mood } = this;
    let heard = '';
    let to = '';
    let data = false;
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    socket.on('error', () => undefined);
    const take = (line: string): void => {
      if (!safe) this.clear.push(line);
      const [verb = ''] = line.toUpperCase().split(/[ :]/);
      if (verb === 'EHLO') {
        if (!safe && mood !== 'plain') say('250-mail.test\r\n250 STARTTLS');
        else say('250-mail.test\r\n250-SIZE 1000000\r\n250 AUTH PLAIN');
      } else if (verb === 'STARTTLS') {
        socket.removeAllListeners('data');
        socket.write(mood === 'injects' ? '220 go on\r\n250 AUTH PLAIN\r\n' : '220 go on\r\n', () =>
          this.#talk(secured(), true, secured, false),
        );
      } else if (verb === 'AUTH') {
        this.signedIn.push(Buffer.from(line.slice('AUTH PLAIN '.length), 'base64').toString());
        say('235 welcome');
      } else if (verb === 'MAIL') say(mood === 'busy' ? '451 later' : '250 ok');
      else if (verb === 'RCPT') {
        to = /<(.*)>/.exec(line)?.[1] ?? '';
        say(mood === 'full' ? '550 no such box' : '250 ok');
      } else if (verb === 'DATA') {
        data = true;
        say('354 go on');
      } else say('250 ok');
    };
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      for (;;) {
        if (data) {
          const end = heard.indexOf('\r\n.\r\n');
          if (end < 0) return;
          this.received.push(parsed(to, heard.slice(0, end)));
          heard = heard.slice(end + 5);
          data = false;
          if (mood === 'cuts') return void socket.destroy();
          say('250 taken');
          continue;
        }
        const end = heard.indexOf('\r\n');
        if (end < 0) return;
        const line = heard.slice(0, end);
        heard = heard.slice(end + 2);
        take(line);
      }
    });
    if (greets) say('220 mail.test');
  }
}
