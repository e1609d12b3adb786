import {
  Controller,
  Get,
  Headers,
  Inject,
  NotFoundException,
  Req,
  Res,
  Sse,
  UseGuards,
  type MessageEvent,
} from '@nestjs/common';
import { Public } from 'jwto';
import type { Observable } from 'rxjs';
import { EventStream } from './event-stream.js';
import { LoopbackHostGuard } from './loopback-host.guard.js';
import { PageFiles, type PageFile } from './page-files.js';
import { PAGE_SETTINGS, type PageSettings } from './page-settings.js';

/** What is used of a request and a reply, on either adapter. */
interface PageRequest {
  readonly url: string;
}
interface PageReply {
  header(name: string, value: string): unknown;
  status(code: number): unknown;
}

/** The page at `/`, and what it needs below `/page/`. */
@Controller()
@Public()
export class PageController {
  private readonly policy: string;

  constructor(
    private readonly files: PageFiles,
    private readonly events: EventStream,
    @Inject(PAGE_SETTINGS) private readonly settings: PageSettings,
  ) {
    this.policy = [
      "default-src 'none'",
      `script-src 'self' '${files.importMapHash}'`,
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "form-action 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; ');
  }

  @Get()
  index(@Headers('if-none-match') known: string | undefined, @Res({ passthrough: true }) reply: PageReply): string {
    return this.send(this.files.find('index.html'), known, reply);
  }

  @Get('page/settings.json')
  readSettings(@Res({ passthrough: true }) reply: PageReply): PageSettings {
    reply.header('Cache-Control', 'no-store');
    return this.settings;
  }

  @Sse('page/events')
  @UseGuards(LoopbackHostGuard)
  streamEvents(@Headers('last-event-id') lastId: string | undefined): Observable<MessageEvent> {
    return this.events.after(lastId);
  }

  @Get(['page/:file', 'page/client/:file'])
  file(
    @Req() { url }: PageRequest,
    @Headers('if-none-match') known: string | undefined,
    @Res({ passthrough: true }) reply: PageReply,
  ): string {
    const [path = ''] = url.split('?');
    return this.send(this.files.find(path.slice('/page/'.length)), known, reply);
  }

  /** Browsers keep what they got and ask each time whether it is still that. */
  private send(file: PageFile | undefined, known: string | undefined, reply: PageReply): string {
    if (file === undefined) throw new NotFoundException();
    const headers = {
      'Content-Type': file.type,
      'Content-Security-Policy': this.policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Cache-Control': 'no-cache',
      ETag: file.etag,
    };
    for (const [name, value] of Object.entries(headers)) reply.header(name, value);
    const isKnown = known?.split(',').some((etag) => etag.trim().replace(/^W\//, '') === file.etag);
    if (isKnown !== true) return file.body;
    reply.status(304);
    return '';
  }
}
