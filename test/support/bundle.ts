import { gzipSync } from 'node:zlib';
import { packTar, type TarHeader } from 'modern-tar';

export interface Member {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly type?: TarHeader['type'];
  readonly linkname?: string;
}

/** A `.tar.gz` with exactly these members, in memory: the same bytes for the same members, whenever it is made. */
export async function tarGz(content: readonly Member[]): Promise<Uint8Array> {
  const entries = content.map(({ name, content: given = '', type = 'file', linkname }) => {
    const body = typeof given === 'string' ? Buffer.from(given) : given;
    const size = type === 'file' ? body.length : 0;
    const header: TarHeader = {
      name,
      type,
      size,
      mode: 0o600,
      mtime: new Date(0),
      ...(linkname !== undefined && { linkname }),
    };
    return { header, body };
  });
  return gzipSync(await packTar(entries));
}

/** Members of a bundle as the loader keeps them. */
export function members(files: Readonly<Record<string, unknown>>): Map<string, Uint8Array> {
  return new Map(
    Object.entries(files).flatMap(([name, content]) => {
      if (content === undefined) return [];
      if (content instanceof Uint8Array) return [[name, content] as const];
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      return [[name, new TextEncoder().encode(text)] as const];
    }),
  );
}
