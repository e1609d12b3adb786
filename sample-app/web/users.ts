/** The users that the sample comes with, and their passwords, which are no secret. */
export const USERS = [
  { username: 'alice', password: 'pass', about: 'no permissions' },
  { username: 'bob', password: 'pass', about: 'perm1' },
  { username: 'admin', password: 'abc123', about: 'perm1, perm2' },
  { username: 'carol', password: 'pass', about: 'inactive' },
] as const;
