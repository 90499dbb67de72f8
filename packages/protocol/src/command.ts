import { Type } from 'typebox';

/** What every command is made of: its number, and no members but those that are listed. */
export const request = { req: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) };
export const closed = { additionalProperties: false };
