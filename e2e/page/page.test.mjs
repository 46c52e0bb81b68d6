// Drives the page to try a policy in headless Chromium: with real dropped files, with the keyboard alone, and with a pasted
// token against `casegate serve`. CASEGATE names the program. Screenshots are left in out/.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const program = process.env.CASEGATE;
assert.ok(program, 'CASEGATE must name the casegate program');
const out = path.join(import.meta.dirname, 'out');
const scratch = mkdtempSync(path.join(tmpdir(), 'casegate-page-test-'));
const stops = [];
let browser;
let demo;

before(async () => {
  mkdirSync(out, { recursive: true });
  browser = await chromium.launchPersistentContext(path.join(scratch, 'profile'), {
    executablePath: execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim(),
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    viewport: { width: 1100, height: 900 },
  });
  demo = await startDemo();
});

after(async () => {
  await browser?.close();
  for (const stop of stops.reverse()) await stop();
  rmSync(scratch, { recursive: true, force: true });
});

// start runs the program until the test ends, and resolves with what find returns for one of its lines.
function start(args, find) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  stops.push(() => {
    child.kill('SIGTERM');
    return ended;
  });
  return new Promise((resolve, reject) => {
    const lines = [];
    const read = (line) => {
      lines.push(line);
      const found = find(lines);
      if (found) resolve(found);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    ended.then((code) => reject(new Error(`casegate ${args.join(' ')} ended with ${code}:\n${lines.join('\n')}`)));
  });
}

function startDemo() {
  return start(['demo', '--listen', '127.0.0.1:0'], (lines) => {
    const text = lines.join('\n');
    const url = /^The gate listens on (\S+),/m.exec(text)?.[1];
    const folder = /^ +cd (.+)$/m.exec(text)?.[1];
    return url && folder && { url, folder };
  });
}

// open opens the page and notes everything that must not happen on it.
async function open(url) {
  const page = await browser.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`error: ${error}`));
  page.on('console', (message) => {
    // The browser itself logs every answer of 400 and above, and these are expected.
    if (message.type() === 'error' && !/^Failed to load resource: the server responded/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) faults.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  await page.getByText('live', { exact: true }).waitFor();
  return { page, faults };
}

// drop drags files over an element and lets go, as the window system would tell the browser.
async function drop(page, selector, files) {
  const session = await page.context().newCDPSession(page);
  const box = await page.locator(selector).boundingBox();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', { type, ...at, data });
  }
}

// result is the newest result once it has its verdict, as plain facts.
async function result(page, file) {
  const item = page.locator('#results > li', { hasText: file }).first();
  await item.locator('.checks li').nth(9).waitFor();
  const checks = await item.locator('.checks li span').allTextContents();
  return { item, verdict: await item.locator('.badge').textContent(), answer: await item.locator('.answer').textContent(), checks };
}

async function expectNoOverflow(page) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
}

const refusedAt = (number) => Array.from({ length: 10 }, (_, index) =>
  (index < number - 1 ? 'passed' : index === number - 1 ? 'refused' : 'not reached'));

test('dropped files show the way of each through the checks', async () => {
  const { page, faults } = await open(demo.url);
  const files = ['good/screenshot.png', 'good/report.pdf', 'bad/holiday.png', 'bad/scan.pdf'].map((name) => path.join(demo.folder, name));
  await drop(page, '#drop', files);

  const good = await result(page, 'screenshot.png');
  assert.equal(good.verdict, 'passed');
  assert.equal(good.answer, '200');
  assert.deepEqual(good.checks, Array(10).fill('passed'));

  const program = await result(page, 'holiday.png');
  assert.equal(program.verdict, 'refused');
  assert.match(program.answer, /^415 · executable_content · /);
  assert.deepEqual(program.checks, refusedAt(8));

  const misnamed = await result(page, 'scan.pdf');
  assert.match(misnamed.answer, /^415 · content_mismatch · .*image\/png/);
  assert.match(await page.locator('#said').textContent(), /^scan\.pdf: refused, content_mismatch\. /);

  await good.item.locator('summary', { hasText: 'Audit event' }).click();
  const event = good.item.locator('.event pre');
  await event.getByText('"screenshot.png"').waitFor();
  assert.equal(JSON.parse(await event.textContent()).user.name, 'analyst');

  await page.locator('#decisions tr').nth(3).waitFor();
  const newest = await page.locator('#decisions tr').first().locator('td').allTextContents();
  assert.deepEqual(newest.slice(1, 4), ['refused 415', 'scan.pdf', 'analyst']);
  await expectNoOverflow(page);
  await page.screenshot({ path: path.join(out, 'dropped.png'), fullPage: true });
  assert.deepEqual(faults, []);
  await page.close();
});

test('the keyboard alone chooses caller, case, space and file', async () => {
  const { page, faults } = await open(demo.url);
  // Asked for early: the browser must know that the dialog is wanted here before the key opens it.
  const chooser = page.waitForEvent('filechooser', { timeout: 60_000 });
  const press = (key) => page.keyboard.press(key);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.value);

  await press('Tab');
  assert.equal(await focused(), '0');
  await press('ArrowDown');
  assert.equal(await focused(), '1', 'the reader is the second caller');
  await press('Tab');
  assert.equal(await focused(), 'case');
  await page.keyboard.type('case-2');
  await press('Tab');
  assert.equal(await focused(), 'space');
  await page.keyboard.type('soc');
  await press('Tab');
  assert.equal(await focused(), 'xsrf');
  await press('Tab');
  assert.equal(await focused(), 'files');
  const outline = await page.locator('#choose-text').evaluate((label) => getComputedStyle(label).outlineStyle);
  assert.equal(outline, 'solid', 'focus is visible on the button that stands for the file control');

  await press('Space');
  await (await chooser).setFiles(path.join(demo.folder, 'good/notes.txt'));
  const refused = await result(page, 'notes.txt');
  assert.match(refused.answer, /^403 · privilege_missing · /);
  assert.deepEqual(refused.checks, refusedAt(3));
  assert.match(await refused.item.locator('.facts').textContent(), /reader → \/s\/soc\/api\/cases\/case-2\/files$/);

  await press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SUMMARY');
  await press('Enter');
  assert.equal(await refused.item.locator('.event').getAttribute('open'), '');
  assert.deepEqual(faults, []);
  await page.close();
});

test('what is sent follows the fields', async () => {
  const { page } = await open(demo.url);
  const choose = (name) => page.locator('#files').setInputFiles(path.join(demo.folder, name));

  await page.getByLabel('stranger').check();
  await choose('good/hosts.csv');
  assert.deepEqual((await result(page, 'hosts.csv')).checks, refusedAt(3));

  await page.getByLabel('analyst').check();
  await page.getByLabel('Send kbn-xsrf').uncheck();
  await choose('good/event.json');
  assert.deepEqual((await result(page, 'event.json')).checks, refusedAt(4));

  await page.getByLabel('Send kbn-xsrf').check();
  await page.getByLabel('Case', { exact: true }).fill('case-9');
  await choose('good/logs.zip');
  assert.deepEqual((await result(page, 'logs.zip')).checks, refusedAt(6));

  await page.getByLabel('Case', { exact: true }).fill('');
  await choose('bad/tool.exe');
  assert.equal(await page.locator('#results > li').count(), 3, 'nothing is sent without a case');
  await page.close();
});

test('the page runs nothing but its own script', async () => {
  const { page, faults } = await open(demo.url);
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.inlineRan = true';
    document.body.append(script);
    const image = document.createElement('img');
    image.setAttribute('onerror', 'window.inlineRan = true');
    image.src = '/page/none.png';
    document.body.append(image);
    return new Promise((resolve) => {
      image.addEventListener('error', () => resolve(window.inlineRan === true));
    });
  });
  assert.equal(ran, false);
  assert.ok(faults.some((fault) => /Content Security Policy/.test(fault)), 'the browser names the policy that stopped it');
  await page.close();
});

test('every control has a name, and every file name stays text', async () => {
  const { page, faults } = await open(demo.url);
  const name = '<img src=x onerror=alert(1)>.txt';
  await page.locator('#files').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from('x') });
  assert.equal(await page.locator('#results .file').first().textContent(), name);
  for (const control of await page.locator('input').all()) {
    const named = await control.evaluate((input) => input.labels.length > 0 || input.hasAttribute('aria-labelledby'));
    assert.ok(named, await control.evaluate((input) => input.outerHTML));
  }
  assert.deepEqual(faults, []);
  await page.close();
});

test('the page fits a narrow window and a dark one', async () => {
  const { page } = await open(demo.url);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.locator('#files').setInputFiles(path.join(demo.folder, 'bad/logo.svg'));
  await result(page, 'logo.svg');
  await expectNoOverflow(page);
  await page.screenshot({ path: path.join(out, 'narrow.png'), fullPage: true });
  await page.setViewportSize({ width: 1100, height: 900 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: path.join(out, 'dark.png'), fullPage: true });
  await page.close();
});

test('with serve, a pasted token tries the policy and nothing is attached', async () => {
  const asked = [];
  const kibana = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ id: 'one', owner: 'cases' }));
  });
  await new Promise((resolve) => kibana.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => {
    kibana.close(resolve);
    kibana.closeAllConnections();
  }));
  const secret = 'a secret that only this test knows, long enough';
  const policy = path.join(scratch, 'policy.yaml');
  writeFileSync(policy, JSON.stringify({
    server: { listen: '127.0.0.1:0', upstream: `http://127.0.0.1:${kibana.address().port}` },
    token: { secret },
    audit: { output: 'off' },
  }));
  const { url } = await start(['serve', '--config', policy, '--page', '127.0.0.1:0'], (lines) => {
    const url = /page to try the policy.* address=(http:\S+[0-9])\//.exec(lines.join('\n'))?.[1];
    return url && { url };
  });

  const { page, faults } = await open(url);
  await page.getByLabel('Case', { exact: true }).fill('one');
  const choose = (name) => page.locator('#files').setInputFiles(path.join(demo.folder, name));
  await choose('good/notes.txt');
  assert.match((await result(page, 'notes.txt')).answer, /^401 · token_missing · /);
  await page.getByLabel('Token').fill(signed(secret));
  await choose('good/report.pdf');
  assert.equal((await result(page, 'report.pdf')).answer, '200');
  assert.deepEqual(asked, ['GET /api/cases/one']);
  await page.screenshot({ path: path.join(out, 'serve.png'), fullPage: true });
  assert.deepEqual(faults, []);
  await page.close();
});

function signed(secret) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const privileges = [{ base: ['all'], feature: {}, spaces: ['*'] }];
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: 'eve', iat: now, exp: now + 600, kibana: privileges })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
