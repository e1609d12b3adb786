import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PasswordHasher } from './password-hasher.js';
import { UserSeed } from './user-seed.js';
import { User } from './user.entity.js';
import { UsersService } from './users.service.js';

/** The application's users, and what jwto is given of them. */
@Module({
  imports: [TypeOrmModule.forFeature([User])],
  providers: [PasswordHasher, UserSeed, UsersService],
  exports: [UsersService],
})
export class UsersModule {}
