import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** What a server says of a name: addresses, an RCODE (RFC 1035 section 4.1.1), garbage, or nothing at all. */
export type Answer = readonly string[] | number | 'garbage' | 'silence';

const A = 1;
const AAAA = 28;

/** A DNS server on loopback that answers as the test says. */
export class DNSServer {
  readonly #socket: Socket;
  readonly #answer: (name: string) => Answer;
  readonly asked: string[] = [];

  private constructor(socket: Socket, answer: (name: string) => Answer) {
    this.#socket = socket;
    this.#answer = answer;
    socket.on('message', (message, from) => this.#reply(message, from));
  }

  static async start(answer: (name: string) => Answer): Promise<DNSServer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DNSServer(socket, answer);
  }

  get address(): string {
    return `127.0.0.1:${String(this.#socket.address().port)}`;
  }

  stop(): void {
    this.#socket.close();
  }

  #reply(query: Buffer, from: RemoteInfo): void {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const type = query.readUInt16BE(at + 1);
    const name = labels.join('.');
    this.asked.push(`${name} ${type === A ? 'A' : 'AAAA'}`);
    const answer = this.#answer(name);
    if (answer === 'silence') return;
    const send = (bytes: Buffer) => this.#socket.send(bytes, from.port, from.address);
    if (answer === 'garbage') return send(Buffer.concat([query.subarray(0, 2), Buffer.from('garbage')]));
    const rcode = typeof answer === 'number' ? answer : 0;
    const records = (typeof answer === 'number' ? [] : answer)
      .map(bytesOf)
      .filter((bytes) => bytes.length === (type === AAAA ? 16 : 4));
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | rcode, 2);
    header.writeUInt16BE(records.length, 6);
    header.writeUInt32BE(0, 8);
    send(Buffer.concat([header, query.subarray(12, at + 5), ...records.map((data) => record(type, data))]));
  }
}

function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0); // the name of the question
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4); // IN
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** `10.0.0.1`, or an IPv6 address with all of its eight groups. */
function bytesOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  return Buffer.from(
    address.split(':').flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]),
  );
}
