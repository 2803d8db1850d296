/** By whom access tokens of agents are made, and for which address. */
export interface Tokens {
  readonly issuer: string;
  /** Address of its JWK set. */
  readonly keys: string;
  /** The address for which they are; undefined: where the mTLS port is open, on loopback. */
  readonly resource?: string;
}

/** What an agent may do: `read` asks, `draft` also prepares a case that its applicant looks at, signs and submits. */
export const MCP_SCOPES = { read: 'mcp:read', draft: 'mcp:draft' } as const;
