/** The two languages of what people read. */

export type Language = 'zh' | 'en';

/** `?lang=`, else Accept-Language, else Chinese. */
export function languageOf(query: unknown, header: string | undefined): Language {
  if (query === 'zh' || query === 'en') return query;
  const first = /\b(zh|en)\b/i.exec(header ?? '')?.[1]?.toLowerCase();
  return first === 'en' ? 'en' : 'zh';
}
