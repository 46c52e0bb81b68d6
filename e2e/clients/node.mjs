// Uploads files with one of Node's HTTP clients: node.mjs CLIENT. Jobs come as JSON on standard input, answers leave as
// JSON on standard output.
import { createReadStream, openAsBlob, readFileSync } from 'node:fs';
import path from 'node:path';

const jobs = JSON.parse(readFileSync(0));
const headersOf = (job) => ({ authorization: `Bearer ${job.token}`, 'kbn-xsrf': 'true', 'x-test-id': job.id });

async function standardForm(job, FormDataClass = FormData) {
  const form = new FormDataClass();
  form.append('file', await openAsBlob(job.file, { type: job.type }), path.basename(job.file));
  if (job.title) form.append('filename', job.title);
  return form;
}

// The npm package form-data, as it is used with Node's own http module, axios and others.
async function packageForm(job) {
  const { default: FormDataPackage } = await import('form-data');
  const form = new FormDataPackage();
  if (job.title) form.append('filename', job.title);
  form.append('file', createReadStream(job.file));
  return form;
}

const clients = {
  async fetch(job) {
    const response = await fetch(job.url, { method: 'POST', headers: headersOf(job), body: await standardForm(job) });
    return { status: response.status, code: response.headers.get('x-casegate-code') ?? '', body: await response.text() };
  },
  async undici(job) {
    const undici = await import('undici');
    const response = await undici.request(job.url, { method: 'POST', headers: headersOf(job), body: await standardForm(job, undici.FormData) });
    return { status: response.statusCode, code: response.headers['x-casegate-code'] ?? '', body: await response.body.text() };
  },
  async axios(job) {
    const { default: axios } = await import('axios');
    const options = { headers: headersOf(job), validateStatus: () => true, responseType: 'text', transformResponse: (text) => text };
    const response = await axios.post(job.url, await standardForm(job), options);
    return { status: response.status, code: response.headers['x-casegate-code'] ?? '', body: response.data };
  },
  async 'axios with form-data'(job) {
    const { default: axios } = await import('axios');
    const form = await packageForm(job);
    const options = { headers: { ...headersOf(job), ...form.getHeaders() }, validateStatus: () => true, responseType: 'text', transformResponse: (text) => text };
    const response = await axios.post(job.url, form, options);
    return { status: response.status, code: response.headers['x-casegate-code'] ?? '', body: response.data };
  },
  async 'form-data'(job) {
    const form = await packageForm(job);
    const response = await new Promise((resolve, reject) => {
      const { hostname: host, port, pathname } = new URL(job.url);
      form.submit({ host, port, path: pathname, protocol: 'http:', headers: headersOf(job) }, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    const chunks = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, code: response.headers['x-casegate-code'] ?? '', body: Buffer.concat(chunks).toString() };
  },
  async supertest(job) {
    const { default: supertest } = await import('supertest');
    const { origin, pathname } = new URL(job.url);
    let request = supertest(origin).post(pathname).set(headersOf(job)).buffer(true);
    if (job.title) request = request.field('filename', job.title);
    const response = await request.attach('file', job.file);
    return { status: response.status, code: response.headers['x-casegate-code'] ?? '', body: response.text };
  },
  async got(job) {
    const { default: got } = await import('got');
    const response = await got.post(job.url, { headers: headersOf(job), body: await standardForm(job), throwHttpErrors: false, retry: { limit: 0 } });
    return { status: response.statusCode, code: response.headers['x-casegate-code'] ?? '', body: response.body };
  },
};

const send = clients[process.argv[2]];
const answers = [];
for (const job of jobs) answers.push(await send(job));
process.stdout.write(JSON.stringify(answers));
