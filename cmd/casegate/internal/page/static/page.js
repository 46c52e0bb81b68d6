// The page sends each file as an ordinary upload and shows what the gate made of it.

const maxResults = 50;
const maxDecisions = 100;

const find = (id) => document.getElementById(id);
const copyOf = (id) => find(id).content.cloneNode(true).firstElementChild;

const setup = await (await fetch("/page/setup")).json();
// Results that wait for their audit event, by the trace-id that their request was sent with.
const waiting = new Map();
let queue = Promise.resolve();

showSetup();
follow();

find("files").addEventListener("change", (event) => {
  take(event.target.files);
  // The same file can be chosen again.
  event.target.value = "";
});
find("upload").addEventListener("submit", (event) => event.preventDefault());
listenForDrops(find("drop"));

function showSetup() {
  find("notice").textContent = setup.notice;
  const callers = setup.callers ?? [];
  callers.forEach((caller, index) => {
    const choice = copyOf("caller-choice");
    const button = choice.querySelector("input");
    button.value = index;
    button.checked = index === 0;
    choice.querySelector(".name").textContent = caller.name;
    choice.querySelector(".about").textContent = caller.about;
    find("callers").append(choice);
  });
  if (callers.length === 0) {
    find("callers").append(copyOf("token-field"));
  }
  for (const known of setup.cases ?? []) {
    find("cases").append(new Option(known.about, known.id));
  }
  for (const space of setup.spaces ?? []) {
    find("spaces").append(new Option(space, space));
  }
  find("case").value = setup.cases?.[0]?.id ?? "";
}

function listenForDrops(zone) {
  // A file dropped beside the zone would otherwise replace the page.
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => event.preventDefault());
  }
  zone.addEventListener("dragover", () => zone.classList.add("over"));
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    take(event.dataTransfer.files);
  });
}

// take sends the files one after the other, with what is chosen now.
function take(files) {
  if (files.length === 0) {
    return;
  }
  if (!find("upload").reportValidity()) {
    return;
  }
  const who = chosenCaller();
  const where = uploadPath();
  const headers = {};
  if (who.token !== "") {
    headers.Authorization = "Bearer " + who.token;
  }
  if (find("xsrf").checked) {
    headers["kbn-xsrf"] = "casegate";
  }
  for (const file of files) {
    const result = addResult(file, who.name + " → " + where);
    queue = queue.then(() => send(file, where, headers, result));
  }
}

function chosenCaller() {
  const token = find("token");
  if (token) {
    return { name: token.value === "" ? "no token" : "the token", token: token.value.trim() };
  }
  return setup.callers[document.querySelector("input[name=caller]:checked").value];
}

function uploadPath() {
  const space = find("space").value.trim();
  const prefix = space === "default" ? "" : "/s/" + encodeURIComponent(space);
  return setup.basePath + prefix + "/api/cases/" + encodeURIComponent(find("case").value.trim()) + "/files";
}

function addResult(file, facts) {
  find("nothing").hidden = true;
  const item = copyOf("result");
  item.querySelector(".file").textContent = file.name;
  item.querySelector(".facts").textContent = size(file.size) + " · " + facts;
  const list = find("results");
  list.prepend(item);
  while (list.children.length > maxResults) {
    list.lastElementChild.remove();
  }
  return item;
}

function randomHex(bytes) {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function size(bytes) {
  if (bytes < 1024) {
    return bytes + " bytes";
  }
  const kib = bytes / 1024;
  return kib < 1024 ? kib.toFixed(1) + " KiB" : (kib / 1024).toFixed(1) + " MiB";
}

async function send(file, path, headers, item) {
  const form = new FormData();
  form.append("file", file, file.name);
  const trace = randomHex(16);
  waiting.set(trace, item);
  if (waiting.size > maxResults) {
    waiting.delete(waiting.keys().next().value);
  }
  // W3C Trace Context: the gate writes the trace-id into its audit event.
  headers = { ...headers, traceparent: "00-" + trace + "-" + randomHex(8) + "-00" };
  try {
    const answer = await fetch(path, { method: "POST", headers, body: form, credentials: "omit", redirect: "error" });
    showAnswer(item, file.name, {
      status: answer.status,
      code: answer.headers.get("X-Casegate-Code") ?? "",
      report: answer.headers.get("X-Casegate-Report") ?? "",
      text: await answer.text(),
    });
  } catch {
    // A refusal that comes before the whole file is sent can be lost with the connection; its audit event still arrives.
    item.querySelector(".badge").textContent = "no answer";
    item.querySelector(".answer").textContent = "The connection ended before the answer could be read. The decision below tells why.";
    find("said").textContent = file.name + ": no answer.";
  }
}

function showAnswer(item, name, answer) {
  let body = {};
  try {
    body = JSON.parse(answer.text);
  } catch {
    // Not JSON: the text is shown as it is.
  }
  const refused = answer.status >= 400;
  const code = answer.code || answer.report;
  const verdict = refused ? "refused" : "passed";
  const reported = answer.report !== "" ? " (report mode: " + answer.report + " would have refused it)" : "";
  item.querySelector("article").className = verdict;
  item.querySelector(".badge").textContent = verdict;
  item.querySelector(".answer").textContent =
    [answer.status, answer.code, refused ? body.message ?? "" : ""].filter((part) => part !== "").join(" · ") + reported;
  item.querySelector(".body pre").textContent = pretty(answer.text);
  showChecks(item.querySelector(".checks"), code, body.attributes ?? {}, answer.report === "" ? "refused" : "would refuse");
  find("said").textContent = name + ": " + verdict + (code === "" ? "." : ", " + code + ".") + (refused && body.message ? " " + body.message : "");
}

// showChecks marks what the code tells: the checks before the one that refused have passed.
function showChecks(list, code, attributes, word) {
  const stopped = code === "" ? setup.checks.length : stoppedAt(code, attributes);
  setup.checks.forEach((check, index) => {
    const entry = document.createElement("li");
    const state = index < stopped ? "passed" : index === stopped ? word : "not reached";
    if (index <= stopped) {
      entry.className = index < stopped ? "passed" : "refused";
    }
    entry.title = check.about;
    entry.textContent = index + 1 + ". " + check.name;
    const outcome = document.createElement("span");
    outcome.textContent = state;
    entry.append(outcome);
    list.append(entry);
  });
}

function stoppedAt(code, attributes) {
  if (code === "privilege_missing" && "owner" in attributes) {
    return setup.checks.findIndex((check) => check.codes.includes("case_not_found"));
  }
  return setup.checks.findIndex((check) => check.codes.includes(code));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function follow() {
  const events = new EventSource("/page/decisions");
  events.onopen = () => {
    // After a reconnection the server sends its memory again.
    find("decisions").replaceChildren();
    find("live").textContent = "live";
  };
  events.onerror = () => {
    find("live").textContent = "not connected; trying again…";
  };
  events.onmessage = (event) => {
    const decision = JSON.parse(event.data);
    addDecision(decision);
    attachEvent(decision);
  };
}

function addDecision(decision) {
  const row = document.createElement("tr");
  const cells = [
    new Date(decision.time).toLocaleTimeString(),
    decision.verdict + " " + decision.status,
    decision.file || "–",
    decision.caller || "–",
    [decision.code, decision.message].filter((part) => part !== "").join(": "),
  ];
  for (const text of cells) {
    const cell = document.createElement("td");
    cell.textContent = text;
    row.append(cell);
  }
  row.children[1].className = decision.verdict;
  const table = find("decisions");
  table.prepend(row);
  while (table.children.length > maxDecisions) {
    table.lastElementChild.remove();
  }
}

// attachEvent shows the audit event of an upload of this page with its result.
function attachEvent(decision) {
  const item = waiting.get(decision.trace);
  if (item === undefined) {
    return;
  }
  waiting.delete(decision.trace);
  item.querySelector(".event pre").textContent = JSON.stringify(decision.event, null, 2);
}
