import { Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { JwtoEvents } from 'jwto';
import { concat, defer, from, of, Subject, type Observable } from 'rxjs';

/** How many events are kept for pages that come later. */
const KEPT = 100;

/** The events of the sample as Server-Sent Events: for each page what was last, and from then on what comes. */
@Injectable()
export class EventStream implements OnModuleDestroy {
  private readonly live = new Subject<MessageEvent>();
  private recent: MessageEvent[] = [];
  private count = 0;
  /** In the ids, so that those of an earlier process are no later process's. */
  private readonly born = Date.now().toString(36);

  constructor(events: JwtoEvents) {
    events.on('*', (event, name) => {
      this.count += 1;
      const id = `${this.born}-${String(this.count)}`;
      const message = { id, data: { id, name, ...event } };
      this.recent = [...this.recent, message].slice(-KEPT);
      this.live.next(message);
    });
  }

  /** @param lastId - what a page had last, if it comes again */
  after(lastId: string | undefined): Observable<MessageEvent> {
    const missed = defer(() => {
      const seen = this.recent.findIndex(({ id }) => id === lastId);
      return from(this.recent.slice(seen + 1));
    });
    // The comment opens the stream where nothing has happened yet.
    return concat(of<MessageEvent>({ comment: 'the events of the sample' }), missed, this.live);
  }

  /** Open streams would hold up the shutdown. */
  onModuleDestroy(): void {
    this.live.complete();
  }
}
