/** The gateway itself: what it says of its health, or whether it could start here. */
import { createServer } from 'node:net';
import { runningUp } from '../../../ground/files/places.js';
import { explained } from '../../../ground/language/readiness.js';
import { type Check, type Finding, fail, note, ok, warn } from '../port.js';
import { reach } from '../reach.js';

const textsOf = (value: unknown, key: string): readonly string[] => {
  const list: unknown =
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : [];
};

/** Why this port cannot be listened on; undefined if it can. */
const taken = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });

/** What to do about it, who can, and where more is said. */
function mendOf(line: string): string {
  const known = explained(line);
  if (known === undefined) return 'docs/operating.md, "Every day"';
  const more = known.more === undefined ? '' : `; docs/operating.md, ${known.more}`;
  return `${known.mend.en} (${known.who.en}${more})`;
}

const check: Check = {
  about: 'the running gateway, or its ports',
  order: 11,
  async run(patient) {
    const { gateway } = await patient.settings();
    const host = gateway.healthHost === '0.0.0.0' || gateway.healthHost === '::' ? '127.0.0.1' : gateway.healthHost;
    const health = runningUp(patient.data)?.health ?? `http://${host}:${gateway.healthPort}`;
    const answer = await reach(`${health}/health/ready`).catch(() => undefined);
    if (answer !== undefined) {
      let said: unknown;
      try {
        said = JSON.parse(answer.body);
      } catch {
        return [fail(`something else than a gateway answers on ${health}`, 'give `gateway.healthPort` another port')];
      }
      const reasons = textsOf(said, 'reasons');
      return [
        answer.status === 200
          ? ok(`the gateway on ${health} is ready`)
          : fail(
              `the gateway on ${health} is not ready: ${reasons.join('; ')}`,
              [...new Set(reasons.map(mendOf))].join('; ') || mendOf(''),
            ),
        ...textsOf(said, 'warnings').map((warning) => warn(warning, mendOf(warning))),
      ];
    }
    const findings: Finding[] = [
      note(`no gateway answers on ${health}`, 'start it with `yitong gateway`; for a first run `yitong up`'),
    ];
    const ports = [
      ['host', gateway.host, gateway.port],
      ['peopleHost', gateway.peopleHost, gateway.peoplePort],
      ['healthHost', gateway.healthHost, gateway.healthPort],
    ] as const;
    for (const [key, address, port] of ports) {
      const why = port === 0 ? undefined : await taken(address, port);
      if (why === undefined) continue;
      const mend =
        why === 'EADDRINUSE'
          ? 'stop what listens there, or give another port'
          : why === 'EACCES'
            ? 'take a port above 1023, or allow this one to the user'
            : `set \`gateway.${key}\` to an address of this machine`;
      findings.push(fail(`${address}:${port} cannot be listened on (${why})`, mend));
    }
    return findings;
  },
};
export default check;
