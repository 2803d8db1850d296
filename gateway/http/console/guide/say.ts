/** Words of a page in its language. */
export type Say = (zh: string, en: string) => string;
