/** 256 random bits as a code or a ticket has them, and the digest by which everybody but the holder knows them. */
import { createHash, randomBytes } from 'node:crypto';

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export const newToken = (): string => randomBytes(32).toString('base64url');

/** Whether a text can be a token, or the digest of one. */
export const isToken = (text: string): boolean => TOKEN.test(text);

/** SHA-256, base64url. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
