/** The doors for programs that speak HTTP: one plugin, with its own way to say what is wrong, and a description of all of it. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyPluginAsync } from 'fastify';
import { type ApiOptions, channelRoutes } from './channels.ts';
import { type HealthOptions, healthRoutes } from './health.ts';
import { type PeopleOptions, peopleRoutes } from './people.ts';
import { problemOf, sendProblem } from './problem.ts';
import { validator } from './validator.ts';

/** Our name in the place of the framework's. */
const logo = {
  type: 'image/svg+xml',
  content:
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40"><text y="28" font-family="system-ui" font-size="24" fill="#fff">Hubbub</text></svg>',
  href: '/',
};

export type DoorsOptions = ApiOptions & HealthOptions & PeopleOptions & { readonly build: string };

export const api: FastifyPluginAsync<DoorsOptions> = async (app, options) => {
  app.setValidatorCompiler(validator);
  app.setErrorHandler((error, _, reply) => sendProblem(reply, problemOf(error)));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hubbub',
        version: options.build,
        description: 'What a link can do, by HTTP. Errors are RFC 9457 problems with a code of PROTOCOL.md, "Codes".',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
  });
  await app.register(channelRoutes, options);
  await app.register(peopleRoutes, options);
  await app.register(healthRoutes, options);
  await app.register(swaggerUi, { routePrefix: '/docs', logo, theme: { title: 'Hubbub: the doors' } });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
};
