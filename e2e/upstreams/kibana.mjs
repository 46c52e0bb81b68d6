// What both stacks share: the records of what they were sent, the faults that a test can switch on, and the rules of
// Kibana's case-file route. Each stack brings only its own way of reading a request.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const here = path.dirname(new URL(import.meta.url).pathname);
export const caseJSON = readFileSync(path.join(here, 'case.json'));

// Bodies up to this size are kept in the record as they came.
const keepBody = 64 * 1024;
const basePath = '/kibana';
const tenGiB = 10 * 1024 ** 3;
// The limits are Kibana's defaults: server.payloadTimeout, server.keepaliveTimeout.
export const limits = { body: tenGiB, payloadTimeout: 20_000, keepaliveTimeout: 120_000 };

const byExtension = new Map();
for (const [type, extensions] of Object.entries(JSON.parse(readFileSync(path.join(here, 'mime-types.json'))))) {
  for (const extension of extensions) byExtension.set(extension, type);
}

let records = [];
let fault = { kind: '' };
let streams = [];

// recordOf finds the record of a request of Node's server.
const recordOf = new WeakMap();
export const record = (request) => recordOf.get(request);

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

// observe begins the record of a request before any framework sees it, so that requests that break off count too. The
// body is seen as the parser pushes it: reading it here would take it from the framework.
function observe(request, response) {
  const entry = {
    id: request.headers['x-test-id'] ?? '',
    method: request.method,
    url: request.url,
    httpVersion: request.httpVersion,
    headers: pairs(request.rawHeaders),
    complete: false,
    bodySize: 0,
    bodySHA256: '',
    body: '',
    parts: [],
    stored: null,
    status: 0,
  };
  records.push(entry);
  recordOf.set(request, entry);
  const hash = createHash('sha256');
  let kept = [];
  const push = request.push;
  request.push = (chunk) => {
    if (chunk !== null) {
      entry.bodySize += chunk.length;
      hash.update(chunk);
      if (entry.bodySize <= keepBody) kept.push(Buffer.from(chunk));
    } else {
      entry.complete = true;
      entry.trailers = pairs(request.rawTrailers);
      entry.bodySHA256 = hash.digest('hex');
      if (entry.bodySize <= keepBody) entry.body = Buffer.concat(kept).toString('base64');
      kept = [];
    }
    return push.call(request, chunk);
  };
  response.on('finish', () => { entry.status = response.statusCode; });
}

function pairs(flat) {
  const list = [];
  for (let i = 0; i < flat.length; i += 2) list.push([flat[i], flat[i + 1]]);
  return list;
}

const uploadPath = /^(?:\/[^/]+)?(?:\/s\/[^/]+)?\/api\/cases\/[^/]+\/files\/?$/;
const isUpload = (request) => request.method === 'POST' && uploadPath.test(request.url.split('?')[0]);

// broken answers in the place of Kibana when a fault is switched on, and says whether it did.
function broken(request, response) {
  if (fault.kind === '' || (fault.uploadsOnly && !isUpload(request))) return false;
  const refuse = (status) => {
    const text = JSON.stringify({ statusCode: status, error: http.STATUS_CODES[status], message: `fault: ${fault.kind}` });
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  };
  if (request.headers.expect && !['deaf', 'early'].includes(fault.kind)) response.writeContinue();
  switch (fault.kind) {
    case 'hang': // Reads everything and never answers.
      request.resume();
      return true;
    case 'deaf': // Reads nothing and never answers.
      return true;
    case 'close': { // Breaks off after so many bytes of the body.
      let seen = 0;
      request.on('data', (chunk) => {
        seen += chunk.length;
        if (seen >= (fault.after ?? 1)) request.socket.destroy();
      });
      request.on('end', () => request.socket.destroy());
      return true;
    }
    case 'reset-answer': // Begins an answer and breaks off in the middle of it.
      request.resume();
      request.on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
        response.write('{"id":"');
        response.socket.end();
      });
      return true;
    case 'early': // Answers before it has read the body.
      refuse(fault.status ?? 413);
      return true;
    case 'status': // Reads everything and answers with this status.
      request.resume();
      request.on('end', () => refuse(fault.status ?? 500));
      return true;
    default:
      throw new Error(`unknown fault ${fault.kind}`);
  }
}

// listen serves a framework's node server and beside it the control port, and prints both addresses for the harness.
export async function listen(server) {
  server.keepAliveTimeout = limits.keepaliveTimeout;
  const emit = server.emit;
  server.emit = function (event, ...args) {
    // With Expect: 100-continue Node emits checkContinue where the framework listens for it.
    if (event === 'request' || (event === 'checkContinue' && server.listenerCount(event) > 0)) {
      const [request, response] = args;
      observe(request, response);
      // Kibana's server.rewriteBasePath, for the tests that set basePath.
      if (request.url.startsWith(basePath + '/')) request.url = request.url.slice(basePath.length);
      if (streamed(request, response) || broken(request, response)) return true;
    }
    return emit.call(this, event, ...args);
  };
  server.on('upgrade', (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
    socket.on('error', () => socket.destroy());
  });
  const control = http.createServer((request, response) => answerControl(request, response).catch((error) => {
    response.writeHead(500).end(String(error));
  }));
  await new Promise((resolve) => control.listen(0, '127.0.0.1', resolve));
  const address = (s) => `127.0.0.1:${s.address().port}`;
  console.log(JSON.stringify({ address: address(server), control: address(control) }));
  // The harness holds standard input open: when it goes, in whatever way, so does this process.
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}

// streamed serves /internal/stream: chunks that leave one by one, each when the test asks for it on the control port.
function streamed(request, response) {
  if (!request.url.startsWith('/internal/stream')) return false;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  streams.push(response);
  response.on('close', () => { streams = streams.filter((s) => s !== response); });
  return true;
}

async function answerControl(request, response) {
  const json = (value) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const body = async () => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  switch (`${request.method} ${request.url}`) {
    case 'GET /__records':
      return json(records);
    case 'DELETE /__records':
      records = [];
      return json({});
    case 'GET /__stats':
      return json({ requests: records.length, posts: records.filter((r) => r.method === 'POST').length, rss: process.memoryUsage().rss });
    case 'PUT /__fault':
      fault = JSON.parse((await body()).toString() || '{"kind":""}');
      return json({});
    case 'POST /__stream': {
      const chunk = await body();
      for (const stream of streams) stream.write(chunk);
      return json({ streams: streams.length });
    }
    case 'DELETE /__stream':
      for (const stream of streams) stream.end();
      return json({});
    default:
      return response.writeHead(404).end();
  }
}

// Answer is a status with a JSON body: Kibana's own shape for errors.
export function failure(statusCode, message) {
  return { status: statusCode, body: Buffer.from(JSON.stringify({ statusCode, error: http.STATUS_CODES[statusCode], message })) };
}

// xsrf is Kibana's check: any value will do.
export function xsrf(headers) {
  if ('kbn-xsrf' in headers || 'kbn-version' in headers) return null;
  return failure(400, 'Request must contain a kbn-xsrf header.');
}

// caseFailure is the answer for a case that can't be had, or null. The case's id says which it is.
function caseFailure(id) {
  if (id.startsWith('missing-')) return failure(404, `Saved object [cases/${id}] not found`);
  if (id.startsWith('forbidden-')) return failure(403, 'Unauthorized to access case');
  if (id.startsWith('unauth-')) return failure(401, 'security_exception: unable to authenticate');
  return null;
}

function ownerOf(id) {
  if (id.startsWith('obs-')) return 'observability';
  if (id.startsWith('sec-')) return 'securitySolution';
  return 'cases';
}

// getCase answers GET /api/cases/{id}.
export function getCase(id) {
  return caseFailure(id) ?? { status: 200, body: Buffer.from(JSON.stringify({ ...JSON.parse(caseJSON), id, owner: ownerOf(id) })) };
}

// attach is the route's handler. payload is what the stack's reader made of the body: file is {filename, type, bytes},
// and everything that is not one file is refused as Kibana's own validation does.
export function attach(entry, caseId, payload) {
  const { file, filename } = payload;
  if (!file || Array.isArray(file) || typeof file.filename !== 'string') return failure(400, '[request body.file]: expected a file');
  if (filename !== undefined && typeof filename !== 'string') return failure(400, '[request body.filename]: expected one string');
  const extension = path.extname(file.filename).slice(1).toLowerCase();
  const type = byExtension.get(extension);
  if (!type) return failure(400, `File type is not supported: .${extension}`);
  const name = filename ?? path.parse(file.filename).name;
  if (name.length < 1 || name.length > 160) return failure(400, 'The name must be 1 to 160 characters long');
  const failed = caseFailure(caseId);
  if (failed) return failed;
  entry.stored = { caseId, name, extension, type, size: file.bytes.length, sha256: sha256(file.bytes) };
  return { status: 200, body: caseJSON };
}

// readPart puts a part of a form into the record as the stack read it.
export function readPart(entry, name, value) {
  if (value && typeof value === 'object' && value.bytes) {
    entry.parts.push({ name, filename: value.filename ?? '', type: value.type ?? '', size: value.bytes.length, sha256: sha256(value.bytes) });
  } else {
    const text = typeof value === 'string' ? value : JSON.stringify(value) ?? '';
    entry.parts.push({ name, text, size: Buffer.byteLength(text), sha256: sha256(Buffer.from(text)) });
  }
}

// createFile and putBlob are Kibana's other door.
export function createFile(entry, kind, json) {
  if (typeof json?.name !== 'string') return failure(400, '[request body.name]: expected value of type [string]');
  entry.parts.push({ name: json.name, type: json.mimeType ?? '', text: JSON.stringify(json), size: 0, sha256: '' });
  return { status: 200, body: Buffer.from(JSON.stringify({ file: { id: `file-${records.length}`, name: json.name, mimeType: json.mimeType, fileKind: kind, status: 'AWAITING_UPLOAD' } })) };
}

export function putBlob(entry, kind, id, type, bytes) {
  entry.stored = { caseId: `${kind}/${id}`, name: id, extension: '', type, size: bytes.length, sha256: sha256(bytes) };
  return { status: 200, body: Buffer.from(JSON.stringify({ ok: true, size: bytes.length })) };
}

// echo answers every other path with what arrived.
export function echo(entry, bytes) {
  const { method, url, headers } = entry;
  return { status: 200, body: Buffer.from(JSON.stringify({ method, url, headers, size: bytes.length, sha256: sha256(bytes) })) };
}

export async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

// The stacks' own answers to what Node can't parse do not say where they end (hapi's) or that the connection ends (Fastify's).
// A proxy may break the first off half-way, or send its next request, somebody else's, where nobody answers: with the gate
// and without.
export const refuseUnparsed = (error, socket) => {
  if (socket.writable) socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  socket.destroy(error);
};
