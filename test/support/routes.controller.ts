import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import {
  CurrentUser,
  JwtLoginRequired,
  JwtPermRequired,
  JwtRefreshRequired,
  TokenClaims,
  type JwtoClaims,
  type JwtoUser,
} from 'jwto';

/** The routes of the sample app, and a few more. */
@Controller('testapp')
export class TestRoutes {
  @Get('protect')
  @JwtLoginRequired()
  protect(): string {
    return 'worked!';
  }

  @Post('protect')
  @HttpCode(200)
  @JwtLoginRequired()
  change(): string {
    return 'worked!';
  }

  @Get('perms_protect')
  @JwtPermRequired(['perm1'])
  perms(): string {
    return 'perms also worked!';
  }

  @Get('claims')
  @JwtLoginRequired()
  claims(@TokenClaims() claims: JwtoClaims): JwtoClaims {
    return claims;
  }

  @Get('user')
  @JwtLoginRequired()
  user(@CurrentUser() user: JwtoUser, @CurrentUser('username') username: string): object {
    return { user, username };
  }

  @Get('refresh_only')
  @JwtRefreshRequired()
  refreshOnly(): string {
    return 'refresh';
  }
}
