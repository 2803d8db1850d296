const HALF_OFFSET = 0xfee0;

/** U+FF01–FF5E and U+3000 only: company names keep their other compatibility characters. */
export function halfwidth(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code >= 0xff01 && code <= 0xff5e) || code === 0x3000) {
      let out = text.slice(0, i);
      for (; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        out +=
          unit >= 0xff01 && unit <= 0xff5e
            ? String.fromCharCode(unit - HALF_OFFSET)
            : unit === 0x3000
              ? ' '
              : text.charAt(i);
      }
      return out;
    }
  }
  return text;
}
