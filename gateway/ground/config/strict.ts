/** An unknown key is an error, in every section. */
export const strict = { additionalProperties: false } as const;
