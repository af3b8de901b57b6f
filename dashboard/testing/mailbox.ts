import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface Letter {
  to: string;
  /** The headers as they were sent. */
  head: string;
  /** The body, decoded. */
  text: string;
}

/** A mail server on a free loopback port that takes every mail and keeps it. */
export async function startMailbox() {
  const letters: Letter[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.once('error', () => socket.destroy());
    talk(socket, letters);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    letters,
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}?tls=off`,
    stop: () => {
      for (const socket of open) socket.destroy();
      return new Promise((stopped) => server.close(stopped));
    },
  };
}

/** One conversation (RFC 5321): a line of the client's, an answer, until the client quits. */
function talk(socket: Socket, letters: Letter[]) {
  const say = (line: string) => socket.write(`${line}\r\n`);
  let [pending, to] = ['', ''];
  let body: string[] | null = null;
  const take = (line: string) => {
    if (body !== null) {
      if (line !== '.') {
        body.push(line.replace(/^\./, ''));
        return;
      }
      const message = body.join('\r\n');
      const end = message.indexOf('\r\n\r\n');
      const head = message.slice(0, end);
      letters.push({ to, head, text: decode(message.slice(end + 4), /quoted-printable/i.test(head)) });
      body = null;
      say('250 Taken');
      return;
    }
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'RCPT') to = /<([^>]*)>/.exec(line)?.[1] ?? '';
    if (verb === 'DATA') body = [];
    if (verb === 'QUIT') {
      say('221 Bye');
      socket.end();
      return;
    }
    say(verb === 'EHLO' ? '250-mailbox\r\n250-8BITMIME\r\n250 SMTPUTF8' : verb === 'DATA' ? '354 Go ahead' : '250 OK');
  };
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const lines = (pending + chunk).split('\r\n');
    pending = lines.pop() ?? '';
    lines.forEach(take);
  });
  say('220 mailbox');
}

function decode(text: string, quoted: boolean): string {
  const plain = quoted ? text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))) : text;
  return Buffer.from(plain, 'latin1').toString('utf8').replace(/\r\n/g, '\n');
}
