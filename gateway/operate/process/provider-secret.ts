/** What the people's port and the development provider share: a file in the development CA's folder. */
export const PROVIDER_SECRET = 'provider.secret';
