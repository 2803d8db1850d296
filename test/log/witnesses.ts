/** Witnesses of a test, each with its server, its key and a state folder. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { type Cosigner, openCosigner } from '../../gateway/log/proof/cosignature.js';
import type { Verifier } from '../../gateway/log/proof/note.js';
import type { WitnessAddress } from '../../gateway/log/witness/gathering.js';
import { serveWitness } from '../../gateway/log/witness/server.js';
import { openWitness, type Witness } from '../../gateway/log/witness/witness.js';

export interface RunningWitness {
  readonly cosigner: Cosigner;
  readonly key: KeyObject;
  readonly stateDir: string;
  readonly suspicions: string[];
  witness: Witness;
  url: string;
  readonly address: WitnessAddress;
  /** Starts it again at the port that it had. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function runWitness(
  dir: string,
  name: string,
  log: Verifier,
  tls?: { readonly cert: string; readonly key: string },
): Promise<RunningWitness> {
  const key = generateKeyPairSync('ed25519').privateKey;
  const cosigner = openCosigner(`${name}.test`, key);
  const stateDir = join(dir, name);
  const suspicions: string[] = [];
  const open = (): Witness =>
    openWitness({
      stateDir,
      cosigner,
      logs: [{ origin: log.name, keys: [log] }],
      now: Date.now,
      onSuspicion: (_origin, what) => suspicions.push(what),
    });
  let witness = open();
  let server = await serveWitness(witness, { host: '127.0.0.1', port: 0, tls });
  const running: RunningWitness = {
    cosigner,
    key,
    stateDir,
    suspicions,
    witness,
    url: server.url,
    address: { verifier: cosigner, url: server.url },
    async start() {
      running.witness = witness = open();
      server = await serveWitness(witness, { host: '127.0.0.1', port: Number(new URL(running.url).port), tls });
    },
    async stop() {
      await server.close();
      witness.close();
    },
  };
  return running;
}
