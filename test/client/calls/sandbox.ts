import type { SandboxMethods } from '../../../gateway/http/api/sandbox/client.js';
import type { Calls } from '../calls.js';

export const calls = (client: SandboxMethods): Calls => ({
  sandboxQuery: () => client.sandboxQuery({ purpose: 'p', subject: 'uscc:1', datasets: [{ id: 'a.b' }] }),
  sandboxSubjects: () => client.sandboxSubjects(),
});
