import { PolicyError } from './error.ts';

const blockBytes = 512;

/** Most of an extended header: what it is read for is a path, and Go reads none that is longer than 1 MiB. */
const mostExtendedBytes = 64 * 1024;

/** Kinds of members by type flag, POSIX pax and GNU: what a refusal calls them. */
const kinds: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a fifo',
  '7': 'a contiguous file',
  g: 'a global header',
  K: 'a long link name',
  S: 'a sparse file',
};

/** Records of an extended header that change what a member is; any other only describes it. */
const refusedRecords = /^(size|linkpath|hdrcharset|GNU\.sparse\..*)$/;

export interface TarMember {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  readonly bytes: Uint8Array;
}

/**
 * Reads a tar archive of files and directories, and refuses everything that readers of tar disagree about: other
 * kinds of members, sizes and names given twice, anything after the end, checksums that do not fit.
 * Written for what Go's archive/tar, GNU tar and bsdtar produce of plain files.
 * @yields members in the order of the archive, before the next one is looked at
 * @throws PolicyError BundleUnreadable | BundleEntryRefused
 */
export function* readTar(tar: Uint8Array): Generator<TarMember> {
  let longName: string | undefined;
  // Of two before a member Go forgets what only the first one says.
  let isExtended = false;
  for (let at = 0; ;) {
    const header = tar.subarray(at, at + blockBytes);
    if (header.length < blockBytes) throw unreadable('the tar archive is cut off');
    if (isZero(header)) {
      checkEnd(tar.subarray(at), longName);
      return;
    }
    checkHeader(header);
    const size = octal(header.subarray(124, 136));
    const start = at + blockBytes;
    const bytes = tar.subarray(start, start + size);
    if (bytes.length < size) throw unreadable('the tar archive is cut off');
    at = start + Math.ceil(size / blockBytes) * blockBytes;
    const flag = String.fromCharCode(header[156] ?? 0);
    if (flag === 'x' || flag === 'L') {
      if (isExtended) throw unreadable('two extended headers of one member in the tar archive');
      if (size > mostExtendedBytes) throw unreadable('an extended header in the tar archive is too long');
      isExtended = true;
      longName = flag === 'x' ? pathRecord(bytes) : text(bytes);
      continue;
    }
    const name = longName ?? nameOf(header);
    longName = undefined;
    isExtended = false;
    yield { name, kind: kindOf(flag, name, size), bytes };
  }
}

function kindOf(flag: string, name: string, size: number): TarMember['kind'] {
  if (flag === '5') {
    if (size > 0) throw refused(name, 'is a directory with content');
    return 'directory';
  }
  if (flag !== '0' && flag !== '\0') {
    throw refused(name, `is ${kinds[flag] ?? 'of an unknown kind'}: only files are allowed`);
  }
  // Old tar has no flag for a directory, but this.
  if (name.endsWith('/')) throw refused(name, 'is a file and a directory');
  return 'file';
}

/** Two blocks of zeros end an archive, and more may fill it up. */
function checkEnd(rest: Uint8Array, longName: string | undefined): void {
  if (longName !== undefined) throw refused(longName, 'is a name without a file');
  if (rest.length < 2 * blockBytes) throw unreadable('the tar archive is cut off');
  if (!isZero(rest)) throw unreadable('something follows the end of the tar archive');
}

function checkHeader(header: Uint8Array): void {
  let sum = 0;
  for (let at = 0; at < header.length; at += 1) sum += at >= 148 && at < 156 ? 32 : (header[at] ?? 0);
  if (octal(header.subarray(148, 156)) !== sum) throw unreadable('not a tar archive inside: wrong checksum');
  if (Buffer.from(header.subarray(257, 262)).toString('latin1') !== 'ustar') {
    throw unreadable('a tar archive of an old kind: POSIX or GNU is expected');
  }
}

/** Name of the header, with the prefix that POSIX has. GNU and star have other things there, sometimes. */
function nameOf(header: Uint8Array): string {
  const name = text(header.subarray(0, 100));
  const isPosix = header[262] === 0;
  if (!isZero(header.subarray(isPosix ? 500 : 345))) {
    throw refused(name, 'has a header that readers of tar do not agree about');
  }
  const prefix = isPosix ? text(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The `path` of an extended header, `LENGTH KEY=VALUE\n` after another (POSIX pax). */
function pathRecord(bytes: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? '' : latin1(bytes.subarray(at, space));
    const end = at + Number(length);
    const record = utf8(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf('=');
    if (!/^[1-9][0-9]{0,8}$/.test(length) || end <= space || bytes[end - 1] !== 0x0a || equals < 1) {
      throw unreadable('a malformed extended header in the tar archive');
    }
    const key = record.slice(0, equals);
    if (refusedRecords.test(key) || (key === 'path' && path !== undefined)) {
      throw new PolicyError('BundleEntryRefused', `an extended header gives ${JSON.stringify(key)}`);
    }
    if (key === 'path') path = record.slice(equals + 1);
    at = end;
  }
  return path;
}

function octal(field: Uint8Array): number {
  const digits = /^ *([0-7]{1,11})[ \0]*$/.exec(latin1(field))?.[1];
  if (digits === undefined) throw unreadable('not a tar archive inside: a malformed number');
  return Number.parseInt(digits, 8);
}

/** Text up to the first zero; nothing may be hidden behind it. */
function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  if (end >= 0 && !isZero(field.subarray(end))) throw unreadable('a malformed name in the tar archive');
  return utf8(end < 0 ? field : field.subarray(0, end));
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw unreadable('a name in the tar archive is not UTF-8', cause);
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function isZero(bytes: Uint8Array): boolean {
  // Much faster than `every`, and an archive may be nothing but zeros.
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

function refused(name: string, what: string): PolicyError {
  return new PolicyError('BundleEntryRefused', `${JSON.stringify(name)} ${what}`);
}

function unreadable(message: string, cause?: unknown): PolicyError {
  return new PolicyError('BundleUnreadable', message, { cause });
}
