import { Controller, Get, Injectable, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Carrier, carrierOf, CurrentUser, JwtLoginOptional, JwtoGuard, type AnyRequest, type JwtoUser } from 'jwto';
import { describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp } from '../support/test-app.js';

type HttpRequest = AnyRequest & { query: { ticket?: string }; headers: Record<string, string | undefined> };

/** A link to download something has its token in the query; everything else is the request's. */
class TicketCarrier extends Carrier {
  private readonly http: Carrier;

  constructor(private readonly of: HttpRequest) {
    super();
    this.http = carrierOf(of);
  }

  get authorization(): readonly string[] {
    return this.of.query.ticket === undefined ? [] : [`Bearer ${this.of.query.ticket}`];
  }
  get request(): { user?: unknown } {
    return this.http.request;
  }
  get notes(): object {
    return this.http.notes;
  }
  get methods(): readonly string[] {
    return this.http.methods;
  }
  get handshake(): boolean {
    return this.http.handshake;
  }
  get encrypted(): boolean {
    return this.http.encrypted;
  }
  get formToken(): string | undefined {
    return this.http.formToken;
  }
  get info(): Carrier['info'] {
    return this.http.info;
  }
  get cookieNames(): readonly string[] {
    return this.http.cookieNames;
  }
  cookies(name: string): readonly string[] {
    return this.http.cookies(name);
  }
  header(name: string): string | undefined {
    return this.http.header(name);
  }
}

@Injectable()
class TicketGuard extends JwtoGuard {
  protected override getCarrier(context: ExecutionContext): Carrier {
    return new TicketCarrier(context.switchToHttp().getRequest<HttpRequest>());
  }
}

/** As a gateway in front might: a token of its own where none came. */
@Injectable()
class LendingGuard implements CanActivate {
  static token = '';

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<HttpRequest>();
    headers.authorization = `Bearer ${LendingGuard.token}`;
    return true;
  }
}

@Controller('files')
class Files {
  @Get()
  @UseGuards(TicketGuard)
  download(@CurrentUser('username') name: string): string {
    return name;
  }
  // The guard of the lowest decorator comes first.
  @Get('lent')
  @JwtLoginOptional()
  @UseGuards(LendingGuard)
  lent(@CurrentUser() user?: JwtoUser): string {
    return user?.username ?? 'nobody';
  }
}

describe.each(ADAPTERS)('what a context gives on %s', (_name, adapter) => {
  it('is what a subclass of JwtoGuard says in getCarrier', async () => {
    const test = await startApp({ adapter, metadata: { controllers: [Files] } });
    const bob = test.client();
    const ticket = (await bob.login('bob')).json.access ?? '';
    expect((await test.client().get(`/files?ticket=${ticket}`)).text).toBe('bob');
    const refused = (path: string, code: 'token_missing' | 'token_invalid') =>
      expectRefusal(test, () => bob.get(path), { status: 401, code });
    // The header is not looked at, good as it is.
    await refused('/files', 'token_missing');
    await refused(`/files?ticket=${ticket.slice(0, -8)}AAAAAAAA`, 'token_invalid');
    await test.close();
  });

  it('is read again where another guard has set a header since', async () => {
    const providers = [{ provide: APP_GUARD, useExisting: JwtoGuard }];
    const test = await startApp({ adapter, metadata: { controllers: [Files], providers } });
    const bob = test.client();
    LendingGuard.token = (await bob.login('bob')).json.access ?? '';
    expect((await test.client().get('/files/lent')).text).toBe('bob');
    LendingGuard.token = 'none';
    expect((await test.client().get('/files/lent')).json.code).toBe('token_malformed');
    await test.close();
  });
});
