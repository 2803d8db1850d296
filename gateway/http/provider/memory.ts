/**
 * What the development provider remembers: in memory, gone with its process. The library's own warns that it is not for
 * production.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider';

interface Kept {
  readonly payload: AdapterPayload;
  readonly until: number;
}

const kept = new Map<string, Kept>();

export class MemoryAdapter implements Adapter {
  constructor(protected readonly model: string) {}

  private name(id: string): string {
    return `${this.model}:${id}`;
  }
  private read(name: string): AdapterPayload | undefined {
    const found = kept.get(name);
    if (found === undefined || found.until > Date.now()) return found?.payload;
    kept.delete(name);
    return undefined;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    kept.set(this.name(id), { payload, until: Date.now() + expiresIn * 1000 });
  }
  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.read(this.name(id));
  }
  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    for (const name of kept.keys()) {
      const payload = name.startsWith(`${this.model}:`) ? this.read(name) : undefined;
      if (payload?.uid === uid) return payload;
    }
    return undefined;
  }
  // device flow: not offered
  async findByUserCode(): Promise<undefined> {
    return undefined;
  }
  async consume(id: string): Promise<void> {
    const found = kept.get(this.name(id));
    if (found !== undefined) found.payload.consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id: string): Promise<void> {
    kept.delete(this.name(id));
  }
  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [name, { payload }] of kept) if (payload.grantId === grantId) kept.delete(name);
  }
}
