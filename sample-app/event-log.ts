import { Injectable } from '@nestjs/common';
import { JwtoEvents } from 'jwto';

/** Writes each event as one line, for people who try the sample and for the tests. */
@Injectable()
export class EventLog {
  constructor(events: JwtoEvents) {
    events.on('*', (event, name) => {
      // JSON has no line breaks of its own.
      process.stdout.write(`${name} ${JSON.stringify(event)}\n`);
    });
  }
}
