// Uploads files with headless Chromium: a page of Kibana's own origin, a real file input, the browser's FormData and
// fetch. A plain form can't send kbn-xsrf. Jobs come as JSON on standard input, answers leave as JSON on standard output.
// A job without a token sends the browser's cookies instead.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const jobs = JSON.parse(readFileSync(0));
const profile = mkdtempSync(path.join(tmpdir(), 'casegate-chromium-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim(),
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const answers = [];
try {
  const page = await browser.newPage();
  for (const job of jobs) {
    const { origin } = new URL(job.url);
    if (job.cookie) await browser.addCookies([{ name: 'session', value: job.cookie, url: origin }]);
    await page.goto(`${origin}/app/cases`);
    await page.setContent('<form id="form"><input type="file" name="file" id="file"></form>');
    await page.setInputFiles('#file', job.file);
    answers.push(await page.evaluate(async ({ url, token, id, title }) => {
      const form = new FormData(document.getElementById('form'));
      if (title) form.append('filename', title);
      const headers = { 'kbn-xsrf': 'true', 'x-test-id': id };
      if (token) headers.authorization = `Bearer ${token}`;
      const response = await fetch(url, { method: 'POST', headers, body: form });
      return { status: response.status, code: response.headers.get('x-casegate-code') ?? '', body: await response.text() };
    }, job));
  }
} finally {
  await browser.close();
  // Chromium may still be writing its last files.
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
process.stdout.write(JSON.stringify(answers));
