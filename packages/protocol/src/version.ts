/** The version of the wire. Apart from the schemas, so that a client can say it without them. */
export const protocolVersion = 1;
