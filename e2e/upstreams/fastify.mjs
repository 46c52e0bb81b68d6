// The stack that Kibana's main branch is moving to: Fastify 5 with @fastify/multipart. The whole body is read before
// anything is checked, each file into one buffer, and the last part of a name wins.
import multipart from '@fastify/multipart';
import Fastify from 'fastify';
import * as kibana from './kibana.mjs';

const app = Fastify({
  clientErrorHandler: kibana.refuseUnparsed,
  bodyLimit: kibana.limits.body,
  requestTimeout: kibana.limits.payloadTimeout,
  routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
});
await app.register(multipart, { limits: { fileSize: kibana.limits.body } });
app.addContentTypeParser('*', (request, payload, done) => done(null, payload));

const send = (reply, { status, body }) => reply.code(status).type('application/json; charset=utf-8').send(body);
const checkXsrf = (request, reply) => {
  const failed = ['GET', 'HEAD', 'OPTIONS'].includes(request.method) ? null : kibana.xsrf(request.headers);
  if (failed) send(reply, failed);
  return failed;
};

const attach = async (request, reply) => {
  const entry = kibana.record(request.raw);
  if (!request.isMultipart()) return send(reply, kibana.failure(415, 'Unsupported Media Type'));
  const payload = {};
  try {
    for await (const part of request.parts()) {
      const value = part.type === 'file' ? { filename: part.filename, type: part.mimetype, bytes: await part.toBuffer() } : part.value;
      kibana.readPart(entry, part.fieldname, value);
      payload[part.fieldname] = value;
    }
  } catch (error) {
    return send(reply, kibana.failure(error.statusCode ?? 400, error.message));
  }
  if (checkXsrf(request, reply)) return reply;
  return send(reply, kibana.attach(entry, request.params.id, payload));
};
const checked = (handler) => async (request, reply) => (checkXsrf(request, reply) ? reply : handler(request, reply));
const bodyOf = async (request) => (request.body?.[Symbol.asyncIterator] && typeof request.body !== 'string' ? kibana.collect(request.body) : Buffer.alloc(0));

for (const space of ['', '/s/:space']) {
  app.post(`${space}/api/cases/:id/files`, attach);
  app.get(`${space}/api/cases/:id`, async (request, reply) => send(reply, kibana.getCase(request.params.id)));
  app.post(`${space}/api/files/files/:kind`, checked(async (request, reply) => send(reply, kibana.createFile(kibana.record(request.raw), request.params.kind, request.body))));
}

// These routes take every body as it is: no parser of JSON or text stands before them.
await app.register(async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (request, payload, done) => done(null, payload));
  for (const space of ['', '/s/:space']) {
    scope.put(`${space}/api/files/files/:kind/:id/blob`, checked(async (request, reply) => {
      const { kind, id } = request.params;
      return send(reply, kibana.putBlob(kibana.record(request.raw), kind, id, request.headers['content-type'] ?? '', await bodyOf(request)));
    }));
  }
  scope.all('/*', checked(async (request, reply) => send(reply, kibana.echo(kibana.record(request.raw), await bodyOf(request)))));
});

await app.listen({ host: '127.0.0.1', port: 0 });
await kibana.listen(app.server);
