/** What Node's base64 decoder makes of the first block; undefined where there is none. */
export function unarmoured(request: Uint8Array): Uint8Array | undefined {
  const [, base64] = Buffer.from(request)
    .toString('latin1')
    .split(/-----[A-Z ]+-----/);
  return base64 === undefined ? undefined : new Uint8Array(Buffer.from(base64, 'base64'));
}
