/** Facts about people that several parts of a server read and write. */

/** Users that the server itself, its administrator and its service are: nobody can sign in as one of them by a token of his own. */
export const reservedUsers: ReadonlySet<string> = new Set(['admin', 'hubbub', 'service']);

/** The people of a server: facts, and events that change them. Nobody reads it but the server. */
export const peopleChannel = 'sys:people';

/** In `sys:people`: this user owns the server. */
export function ownerKey(user: string): string {
  return `owner:${user}`;
}

/** In `sys:people`: the digest of the code that makes whoever shows it the owner; gone once somebody is. */
export const claimKey = '.claim';

/** In `user:NAME`: tokens of that user made up to `{"at"}`, by the calendar in milliseconds, are none any more. */
export const revokedKey = 'revoked';
