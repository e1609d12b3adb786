import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Only under this machine's own names. The events hold users' ids and addresses, and a page of another site whose name
 * was made to point to 127.0.0.1 would be of the same origin as far as a browser knows.
 */
@Injectable()
export class LoopbackHostGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: { host?: string } }>();
    return LOOPBACK.test(headers.host ?? '');
  }
}
