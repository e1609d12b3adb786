interface Options {
  signal?: AbortSignal;
  steal?: boolean;
}

type Callback = (lock: unknown) => unknown;

interface Request {
  run: Callback;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

/** Web Locks (https://www.w3.org/TR/web-locks/) in memory: exclusive, with `signal` and `steal`. */
export class FakeLocks {
  private readonly held = new Map<string, Request>();
  private readonly queues = new Map<string, Request[]>();

  request(name: string, ...rest: [Callback] | [Options, Callback]): Promise<unknown> {
    const run = rest.at(-1) as Callback;
    const { signal, steal } = (rest.length > 1 ? rest[0] : {}) as Options;
    return new Promise((resolve, reject) => {
      const request = { run, resolve, reject };
      if (signal?.aborted) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as the standard says
        reject(signal.reason);
        return;
      }
      const queue = this.queue(name);
      if (steal) {
        this.held.get(name)?.reject(new DOMException('The lock was stolen', 'AbortError'));
        this.held.delete(name);
        queue.unshift(request);
      } else {
        queue.push(request);
        signal?.addEventListener('abort', () => {
          const place = queue.indexOf(request);
          if (place < 0) return;
          queue.splice(place, 1);
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as the standard says
          reject(signal.reason);
        });
      }
      this.next(name);
    });
  }

  private queue(name: string): Request[] {
    const queue = this.queues.get(name) ?? [];
    this.queues.set(name, queue);
    return queue;
  }

  private next(name: string): void {
    const request = this.held.has(name) ? undefined : this.queue(name).shift();
    if (request === undefined) return;
    this.held.set(name, request);
    const end = (settle: () => void): void => {
      settle();
      if (this.held.get(name) !== request) return;
      this.held.delete(name);
      this.next(name);
    };
    void Promise.resolve()
      .then(() => request.run({ name, mode: 'exclusive' }))
      .then(
        (value) => {
          end(() => {
            request.resolve(value);
          });
        },
        (reason: unknown) => {
          end(() => {
            request.reject(reason);
          });
        },
      );
  }
}
