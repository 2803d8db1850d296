/** The part of the TypeScript client: files. */
import { at, type CallOptions, type StatedCase, type Wire } from '../../../../contracts/client.js';

export interface FileBody {
  readonly purpose: string;
  readonly dataset: string;
  readonly format: 'csv' | 'ndjson' | 'avro';
  /** Default: all that are granted. */
  readonly fields?: readonly string[];
  /** Default: all whose records the grant lets the client see. */
  readonly subjects?: readonly string[];
  readonly case?: StatedCase;
  /** Public key or certificate (RSA), PEM: the file is CMS for it. */
  readonly receiver?: string;
}

export interface OrderedFile {
  readonly id: string;
  /** `ordered`, `making`, `ready`, `stopped` or `failed`. */
  readonly state: string;
  /** Why it stopped or failed. */
  readonly reason?: string;
  readonly purpose: string;
  readonly dataset: string;
  readonly format: string;
  readonly encrypted: boolean;
  readonly createdAt: string;
  /** At which replica of the gateway it is made, or stands. */
  readonly replica: string;
  readonly attempt: number;
  /** `total`: how many subjects are listed, or records the dataset has. */
  readonly progress: {
    readonly subjects: number;
    readonly records: number;
    readonly chunks: number;
    readonly total?: number;
  };
  /** Of one that is ready, as all that follows. */
  readonly bytes?: number;
  /** Hexadecimal. */
  readonly sha256?: string;
  readonly begunAt?: string;
  readonly madeAt?: string;
  readonly expiresAt?: string;
}

export interface FilesMethods {
  /** @throws GatewayError `denied` where no grant lets it be given as a file */
  orderFile(body: FileBody, options?: CallOptions): Promise<OrderedFile>;
  files(options?: CallOptions): Promise<{ readonly files: readonly OrderedFile[] }>;
  /** @throws GatewayError `not_found` */
  file(id: string, options?: CallOptions): Promise<OrderedFile>;
  /** As it was last. @throws GatewayError `not_found` */
  removeFile(id: string, options?: CallOptions): Promise<OrderedFile>;
  /**
   * Its bytes as they come, from the byte `from` on.
   * @param file as it was told when it was ready: bytes of another one are refused
   * @throws GatewayError `file_not_ready`, `file_gone`, `file_elsewhere`; ConnectionError `changed`; it is cut off
   * where the grant ends meanwhile
   */
  fileContent(
    file: Pick<OrderedFile, 'id' | 'sha256'>,
    from?: number,
    options?: CallOptions,
  ): AsyncGenerator<Buffer, void, undefined>;
}

export const filesMethods = (wire: Wire): FilesMethods => ({
  orderFile: (body, call) => wire.post('/v1/files', body, call),
  files: (call) => wire.get('/v1/files', call),
  file: (id, call) => wire.get(at('v1', 'files', id), call),
  removeFile: (id, call) => wire.ask({ method: 'DELETE', path: at('v1', 'files', id) }, call),
  fileContent: ({ id, sha256 = '' }, from = 0, call) =>
    wire.pieces(
      {
        method: 'GET',
        path: at('v1', 'files', id, 'content'),
        headers: { range: `bytes=${String(from)}-`, 'if-range': `"${sha256}"` },
      },
      call,
      206,
    ),
});
