// Kibana's released HTTP stack: @hapi/hapi 21 with the payload settings of Kibana's case-file route.
import Hapi from '@hapi/hapi';
import * as kibana from './kibana.mjs';

const server = Hapi.server({
  host: '127.0.0.1',
  port: 0,
  routes: { payload: { timeout: kibana.limits.payloadTimeout } },
});

const send = (h, { status, body }) => h.response(body).code(status).type('application/json');

// Kibana's xsrf check is an onPostAuth step: hapi has read and parsed the body by then.
server.ext('onPostAuth', (request, h) => {
  if (['get', 'head', 'options'].includes(request.method)) return h.continue;
  const failed = kibana.xsrf(request.headers);
  return failed ? send(h, failed).takeover() : h.continue;
});

const attach = async (request, h) => {
  const entry = kibana.record(request.raw.req);
  const payload = {};
  for (const [name, value] of Object.entries(request.payload ?? {})) {
    const read = [];
    for (const one of [].concat(value)) {
      const part = one?.hapi ? { filename: one.hapi.filename, type: one.hapi.headers['content-type'], bytes: await kibana.collect(one) } : one;
      kibana.readPart(entry, name, part);
      read.push(part);
    }
    payload[name] = Array.isArray(value) ? read : read[0];
  }
  return send(h, kibana.attach(entry, request.params.id, payload));
};
const raw = { output: 'stream', parse: false, maxBytes: kibana.limits.body };

for (const space of ['', '/s/{space}']) {
  server.route([
    {
      method: 'POST',
      path: `${space}/api/cases/{id}/files`,
      options: {
        payload: { output: 'stream', parse: true, multipart: true, allow: 'multipart/form-data', maxBytes: kibana.limits.body },
      },
      handler: attach,
    },
    { method: 'GET', path: `${space}/api/cases/{id}`, handler: (request, h) => send(h, kibana.getCase(request.params.id)) },
    {
      method: 'POST',
      path: `${space}/api/files/files/{kind}`,
      handler: (request, h) => send(h, kibana.createFile(kibana.record(request.raw.req), request.params.kind, request.payload)),
    },
    {
      method: 'PUT',
      path: `${space}/api/files/files/{kind}/{id}/blob`,
      options: { payload: raw },
      handler: async (request, h) => {
        const { kind, id } = request.params;
        return send(h, kibana.putBlob(kibana.record(request.raw.req), kind, id, request.headers['content-type'] ?? '', await kibana.collect(request.payload)));
      },
    },
  ]);
}

const echo = async (request, h) => send(h, kibana.echo(kibana.record(request.raw.req), request.payload ? await kibana.collect(request.payload) : Buffer.alloc(0)));
server.route([
  { method: 'GET', path: '/{any*}', handler: echo },
  { method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], path: '/{any*}', options: { payload: raw }, handler: echo },
]);

await server.start();
// Before hapi's own, which finds the socket destroyed.
server.listener.prependListener('clientError', (error, socket) => {
  if (error.code === 'HPE_INVALID_METHOD') kibana.refuseUnparsed(error, socket);
});
await kibana.listen(server.listener);
