import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Convert } from 'typebox/value';

/** Checks a part of a request as it is written: nothing is left out silently. What stands in an address is text, so numbers are made of it there. */
export const validator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const isText = httpPart === 'querystring' || httpPart === 'params';
  return (given) => {
    const value: unknown = isText ? Convert(schema, given) : given;
    if (compiled.Check(value)) return { value };
    const [first] = compiled.Errors(value);
    const message = first?.message === 'schema is false' ? 'is not known here' : first?.message;
    const what = first ? `${httpPart}${first.instancePath} ${message}` : `${httpPart} does not fit`;
    return { error: Object.assign(new Error(what), { statusCode: 400 }) };
  };
};
