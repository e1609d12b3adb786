// A client that costs less than the server: sockets, requests as bytes, answers looked at just enough. It must keep the
// server busy: one that waits handles fewer requests a turn of its loop, and each costs more then. And it never sleeps:
// to wake a process on the other core took 6 µs of the server's write to it, the more often the slower the server was,
// so that a guard of 2 µs seemed to cost 8. A client on another machine is woken by that machine.
import { connect } from 'node:net';
import { clearImmediate, setImmediate } from 'node:timers';

const END = '\r\n\r\n';

function open(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.setEncoding('latin1');
    socket.once('error', reject);
  });
}

/** The request's text; no token, no header. */
export function requestText(path, token) {
  const authorization = token === undefined ? '' : `Authorization: Bearer ${token}\r\n`;
  return `GET /${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nUser-Agent: bench\r\n${authorization}\r\n`;
}

/** Whether this is a whole answer. */
function isWhole(answer) {
  const head = answer.indexOf(END);
  if (head === -1) return false;
  const length = Number(/content-length: (\d+)/i.exec(answer.slice(0, head))?.[1] ?? 0);
  return answer.length >= head + END.length + length;
}

/** Keep-alive connections to one server. */
export class HttpClient {
  static async to(port, connections) {
    const client = new HttpClient();
    client.sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
    return client;
  }

  /** Sends requests over one connection, one at a time, and tells the status of each answer. */
  exchange(socket, nextText, onStatus) {
    return new Promise((resolve, reject) => {
      let answer = '';
      let whole = 0;
      const finish = (error) => {
        socket.removeAllListeners('data').removeAllListeners('close');
        if (error === undefined) resolve();
        else reject(error);
      };
      const send = () => {
        const text = nextText();
        if (text === undefined) finish();
        else socket.write(text, 'latin1');
      };
      socket.on('close', () => finish(new Error('the server closed the connection')));
      socket.on('data', (chunk) => {
        answer = answer === '' ? chunk : answer + chunk;
        // Answers of one route are of one length, so only the first is looked through.
        if (answer.length !== whole && !isWhole(answer)) return;
        whole = answer.length;
        const status = Number(answer.slice(9, 12));
        answer = '';
        onStatus(status);
        send();
      });
      send();
    });
  }

  /** Sends one request and gives the status of its answer. */
  async send(socket, text) {
    const texts = [text];
    let status;
    await this.exchange(
      socket,
      () => texts.pop(),
      (got) => (status = got),
    );
    return status;
  }

  /** Sends all of them, and fails unless each is answered with 200. */
  async sendAll(texts) {
    let next = 0;
    let refused;
    const note = (status) => {
      if (status !== 200) refused = status;
    };
    let turn;
    const stayAwake = () => (turn = setImmediate(stayAwake));
    stayAwake();
    await Promise.all(this.sockets.map((socket) => this.exchange(socket, () => texts[next++], note)));
    clearImmediate(turn);
    if (refused !== undefined) throw new Error(`a good request was answered with ${refused}`);
  }

  close() {
    for (const socket of this.sockets) socket.destroy();
  }
}
