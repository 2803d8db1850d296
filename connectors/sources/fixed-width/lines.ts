/**
 * Lines out of text that comes in pieces; CRLF, LF and CR end a line. A line beyond the limit is given as too long,
 * with its beginning.
 */
export interface TextLine {
  readonly line: string;
  readonly tooLong: boolean;
}

export class LineSplitter {
  private held = '';
  private tooLong = false;
  private afterReturn = false;

  constructor(private readonly limit: number) {}

  push(piece: string): TextLine[] {
    const lines: TextLine[] = [];
    let from = 0;
    // the LF of a CRLF whose CR ended the last piece
    if (this.afterReturn && piece.startsWith('\n')) from = 1;
    if (piece !== '') this.afterReturn = piece.endsWith('\r');
    let lf = piece.indexOf('\n', from);
    let cr = piece.indexOf('\r', from);
    while (lf >= 0 || cr >= 0) {
      const at = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
      this.add(piece.slice(from, at));
      lines.push(this.take());
      from = at === cr && lf === at + 1 ? at + 2 : at + 1;
      if (lf >= 0 && lf < from) lf = piece.indexOf('\n', from);
      if (cr >= 0 && cr < from) cr = piece.indexOf('\r', from);
    }
    if (from < piece.length) this.add(piece.slice(from));
    return lines;
  }

  /** The last line, where the text does not end with a line end. */
  end(): TextLine[] {
    return this.held === '' ? [] : [this.take()];
  }

  private add(piece: string): void {
    if (this.tooLong) return;
    this.held = this.held === '' ? piece : this.held + piece;
    if (this.held.length <= this.limit) return;
    this.tooLong = true;
    this.held = this.held.slice(0, 4_096);
  }

  private take(): TextLine {
    const { held: line, tooLong } = this;
    this.held = '';
    this.tooLong = false;
    return { line, tooLong };
  }
}
