/**
 * Drafts on their way from the main thread to the journal's worker: one ring in shared memory, one writer, one reader.
 * A frame is never split: at the end of the ring a filler leads back to its start. Cursors count 4-byte words and wrap
 * at 2^32.
 *
 * Frame: words of the frame; bytes of clear, subject, json and answer; milliseconds as a double in two words; where the
 * digest of the answer goes; whether a receipt is wanted; then the three texts and the answer.
 */
const CONTROL_WORDS = 16;
const HEAD = 0; // moved by the writer
const TAIL = 1; // moved by the reader
const CLOSING = 2;
/** Set by the reader while it sleeps: only then is a wake-up, which is a system call, worth its microsecond. */
const WAITING = 3;
/** Stays 0. */
const NEVER = 4;
const FRAME_HEADER = 9;
/** Entries after which the reader is told, within one turn of the event loop. */
const BURST = 2;
const FILLER = 0xffffffff;

export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly data: SharedArrayBuffer;
}

/** @param bytes a power of two */
export function ringMemory(bytes: number): RingMemory {
  return { control: new SharedArrayBuffer(CONTROL_WORDS * 4), data: new SharedArrayBuffer(bytes) };
}

interface Views {
  readonly control: Int32Array;
  readonly words: Uint32Array;
  readonly bytes: Buffer;
  readonly size: number;
}

const viewsOf = (memory: RingMemory): Views => ({
  control: new Int32Array(memory.control),
  words: new Uint32Array(memory.data),
  bytes: Buffer.from(memory.data),
  size: memory.data.byteLength / 4,
});

const NO_ANSWER = new Uint8Array(0);

/**
 * Words that a frame may take: three bytes a UTF-16 unit at most. It shrinks to what was really written.
 * @param units of its texts
 * @param answer bytes
 */
const worstFrame = (units: number, answer: number): number => FRAME_HEADER + Math.ceil((units * 3 + answer) / 4) + 1;

/** Whether a frame ever has room in a ring of so many bytes. */
export const fitsRing = (ringBytes: number, units: number, answer: number): boolean =>
  worstFrame(units, answer) <= ringBytes / 16;

export interface RingWriter {
  /** False if there is no room now. @throws RangeError if there never will be */
  push(
    clear: string,
    subject: string,
    json: string,
    now: number,
    answer?: Uint8Array,
    digestPlace?: number,
    receipted?: boolean,
  ): boolean;
  /** The reader ends once the ring is empty. */
  close(): void;
}

export function ringWriter(memory: RingMemory): RingWriter {
  const { control, words, bytes, size } = viewsOf(memory);
  const time = new Float64Array(1);
  const timeWords = new Uint32Array(time.buffer);
  let head = 0;
  let due = false;
  let unseen = 0;
  const publish = (): void => {
    due = false;
    unseen = 0;
    Atomics.store(control, HEAD, head | 0);
    if (Atomics.load(control, WAITING) === 1) Atomics.notify(control, HEAD, 1);
  };
  return {
    push(clear, subject, json, now, answer = NO_ANSWER, digestPlace = 0, receipted = true) {
      const worst = worstFrame(clear.length + subject.length + json.length, answer.length);
      if (worst > size / 4) throw new RangeError('the entry is larger than a quarter of the ring');
      const used = (head - (Atomics.load(control, TAIL) >>> 0)) >>> 0;
      let at = head % size;
      const toEnd = size - at;
      const filler = toEnd < worst ? toEnd : 0;
      if (used + filler + worst > size) return false;
      if (filler > 0) {
        words[at] = FILLER;
        head = (head + filler) >>> 0;
        at = 0;
      }
      const start = (at + FRAME_HEADER) * 4;
      const clearBytes = bytes.write(clear, start);
      const subjectBytes = subject === '' ? 0 : bytes.write(subject, start + clearBytes);
      const jsonBytes = json === '' ? 0 : bytes.write(json, start + clearBytes + subjectBytes);
      if (answer.length > 0) bytes.set(answer, start + clearBytes + subjectBytes + jsonBytes);
      const frame = FRAME_HEADER + ((clearBytes + subjectBytes + jsonBytes + answer.length + 3) >>> 2);
      time[0] = now;
      words[at] = frame;
      words[at + 1] = clearBytes;
      words[at + 2] = subjectBytes;
      words[at + 3] = jsonBytes;
      words[at + 4] = timeWords[0] ?? 0;
      words[at + 5] = timeWords[1] ?? 0;
      words[at + 6] = answer.length;
      words[at + 7] = digestPlace;
      words[at + 8] = receipted ? 1 : 0;
      head = (head + frame) >>> 0;
      // a wake-up is a system call, so not one an entry; but not one a turn of the event loop either: the thread is to
      // work while the next come in
      if (++unseen >= BURST) publish();
      else if (!due) {
        due = true;
        setImmediate(publish);
      }
      return true;
    },
    close() {
      publish();
      Atomics.store(control, CLOSING, 1);
      Atomics.notify(control, HEAD, 1);
    },
  };
}

/** Slices of the ring itself: valid until `release`. */
export interface Frame {
  readonly clear: Buffer;
  readonly subject: Buffer;
  readonly json: Buffer;
  readonly now: number;
  /** Of which the digest has still to be made; empty where there is none. */
  readonly answer: Buffer;
  /** Where it goes, in bytes from the end of `clear`. */
  readonly digestPlace: number;
  /** Whether somebody is given a receipt of it. */
  readonly receipted: boolean;
}

interface RingReader {
  /** The next frame, not yet given back to the writer; undefined if there is none. */
  next(): Frame | undefined;
  /** Puts the last frame back: it will be the next one again. */
  unread(): void;
  /** Subjects of the frames that are not read yet. */
  waitingSubjects(): Iterable<string>;
  /** Gives everything read back to the writer. */
  release(): void;
  /** Blocks the thread until there is a frame, the writer closes, or `ms` have passed. */
  wait(ms: number): void;
  /** Blocks the thread for `ms`, whatever comes in meanwhile: the writer has nobody to wake. */
  pause(ms: number): void;
  readonly closing: boolean;
}

export function ringReader(memory: RingMemory): RingReader {
  const { control, words, bytes, size } = viewsOf(memory);
  const time = new Float64Array(1);
  const timeWords = new Uint32Array(time.buffer);
  let tail = 0;
  let before = 0;
  return {
    next() {
      const head = Atomics.load(control, HEAD) >>> 0;
      before = tail;
      if (tail === head) return undefined;
      let at = tail % size;
      if (words[at] === FILLER) {
        tail = (tail + size - at) >>> 0;
        at = 0;
      }
      const clear = (at + FRAME_HEADER) * 4;
      const subject = clear + (words[at + 1] ?? 0);
      const json = subject + (words[at + 2] ?? 0);
      const answer = json + (words[at + 3] ?? 0);
      timeWords[0] = words[at + 4] ?? 0;
      timeWords[1] = words[at + 5] ?? 0;
      tail = (tail + (words[at] ?? 0)) >>> 0;
      return {
        clear: bytes.subarray(clear, subject),
        subject: bytes.subarray(subject, json),
        json: bytes.subarray(json, answer),
        now: time[0] ?? 0,
        answer: bytes.subarray(answer, answer + (words[at + 6] ?? 0)),
        digestPlace: words[at + 7] ?? 0,
        receipted: words[at + 8] === 1,
      };
    },
    unread() {
      tail = before;
    },
    *waitingSubjects() {
      const head = Atomics.load(control, HEAD) >>> 0;
      for (let cursor = tail; cursor !== head; ) {
        const at = cursor % size;
        if (words[at] === FILLER) {
          cursor = (cursor + size - at) >>> 0;
          continue;
        }
        const subject = (at + FRAME_HEADER) * 4 + (words[at + 1] ?? 0);
        const length = words[at + 2] ?? 0;
        if (length > 0) yield bytes.toString('utf8', subject, subject + length);
        cursor = (cursor + (words[at] ?? 0)) >>> 0;
      }
    },
    release() {
      Atomics.store(control, TAIL, tail | 0);
    },
    wait(ms) {
      if (Atomics.load(control, CLOSING) === 1) return;
      // said before the cursor is compared: a frame put in between either shows in the comparison or sees the flag
      Atomics.store(control, WAITING, 1);
      // a close between the look above and this wait is seen at its end; a frame is seen at once, for the cursor then
      // differs
      Atomics.wait(control, HEAD, tail | 0, Math.min(ms, 500));
      Atomics.store(control, WAITING, 0);
    },
    pause(ms) {
      // nobody ever changes this word
      Atomics.wait(control, NEVER, 0, ms);
    },
    get closing() {
      return Atomics.load(control, CLOSING) === 1;
    },
  };
}
