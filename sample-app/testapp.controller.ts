import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { JwtLoginRequired, JwtPermRequired, TokenClaims, type JwtoClaims } from 'jwto';

/** The views of djwto's documentation. */
@Controller('testapp')
@JwtLoginRequired()
export class TestappController {
  @Get('protect')
  read(): string {
    return 'worked!';
  }

  /** Changes something, as far as a browser knows: a credential that came in a cookie needs the CSRF token here. */
  @Post('protect')
  @HttpCode(200)
  change(): string {
    return 'worked!';
  }

  @Get('perms_protect')
  @JwtPermRequired(['perm1'])
  readWithPermission(): string {
    return 'perms also worked!';
  }

  @Get('claims')
  claims(@TokenClaims() claims: JwtoClaims): JwtoClaims {
    return claims;
  }
}
