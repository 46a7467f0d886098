// Wires the page: events to texts, tree, charts and numbers; the prompt box to the API.
import { Charts } from "/dashboard/charts.js";
import { eachEvent, follow, problemOf } from "/dashboard/feed.js";
import { describe, Texts } from "/dashboard/text.js";
import { drawTree } from "/dashboard/tree.js";

const $ = (id) => document.getElementById(id);
const RATE_WINDOW_MS = 5000;

let key = "";
const headers = () => (key ? { Authorization: `Bearer ${key}` } : {});

const texts = new Texts($("texts"));
const charts = new Charts();
const emitted = []; // of the last seconds
const waits = []; // queue + prefill of the last requests, ms
let promptTokens = 0;
let cachedTokens = 0;

function onEvent(event) {
  texts.take(event);
  if (event.type === "cycle") {
    charts.take(event);
    emitted.push({ at: performance.now(), tokens: event.emitted });
    $("behind").textContent = `${Math.max(0, Date.now() - event.at)} ms`;
    if (event.tree?.length > 0) {
      drawTree($("tree"), event.tree);
      $("tree-caption").textContent = describe(event);
    }
  } else if (event.type === "end") {
    waits.push(event.queue_ms + event.prefill_ms);
    if (waits.length > 50) waits.shift();
    $("prefill").textContent = `${[...waits].sort((a, b) => a - b)[waits.length >> 1].toFixed(0)} ms`;
    promptTokens += event.prompt_tokens;
    cachedTokens += event.cached_tokens;
    $("cached").textContent = `${cachedTokens} of ${promptTokens}`;
  }
}

setInterval(() => {
  const since = performance.now() - RATE_WINDOW_MS;
  while (emitted.length > 0 && emitted[0].at < since) emitted.shift();
  const tokens = emitted.reduce((sum, one) => sum + one.tokens, 0);
  $("rate").textContent = (tokens / (RATE_WINDOW_MS / 1000)).toFixed(1);
}, 500);

async function ask(path) {
  const response = await fetch(path, { headers: headers() });
  return response.ok ? response.json() : null; // a process without that role has no such page
}

async function refresh() {
  try {
    const gateway = (await ask("/status"))?.gateway;
    $("queue").textContent = gateway ? `${gateway.open_requests} of ${gateway.max_open_requests}` : "–";
    const sessions = (await ask("/sessions"))?.sessions;
    const tiers = new Map();
    sessions?.forEach((one) => tiers.set(one.cache_tier, (tiers.get(one.cache_tier) ?? 0) + 1));
    $("tiers").textContent = [...tiers].map(([tier, count]) => `${tier} ${count}`).join(", ") || "–";
  } catch {
    $("queue").textContent = $("tiers").textContent = "–"; // the feed says that the server is away
  }
}

let following = null; // aborts the feed that is followed

function start() {
  following?.abort();
  following = new AbortController();
  follow({
    headers,
    signal: following.signal,
    onEvent,
    onState(text, needsKey = false) {
      $("connection").textContent = text;
      $("key-form").hidden = !needsKey;
      if (text === "live") refresh();
    },
  });
}

setInterval(() => { if ($("connection").textContent === "live") refresh(); }, 5000);

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = $("key").value.trim();
  start();
});

// randomUUID is missing where a page came neither by TLS nor from this machine.
const newSession = () => `dashboard-${[...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("")}`;
let session = newSession();
let conversation = [];
let running = null; // aborts the request under way

$("fresh").addEventListener("click", () => {
  session = newSession();
  conversation = [];
  $("prompt").focus();
});
$("stop").addEventListener("click", () => running?.abort());
$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("prompt-form").requestSubmit();
});

async function generate(messages, signal) {
  const body = { stream: true, trace_tree: true, messages,
    max_tokens: Number($("max-tokens").value), temperature: Number($("temperature").value) };
  if ($("mode").value) body.mode = $("mode").value;
  const began = performance.now();
  const response = await fetch("/v1/chat/completions", {
    method: "POST", signal, body: JSON.stringify(body),
    headers: { ...headers(), "Content-Type": "application/json", "X-Session-Id": session },
  });
  if (!response.ok) throw new Error(await problemOf(response));
  let answer = "";
  await eachEvent(response, (data) => {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Error(chunk.error.message);
    const piece = chunk.choices[0]?.delta?.content ?? "";
    if (answer === "" && piece !== "") $("first").textContent = `${(performance.now() - began).toFixed(0)} ms`;
    answer += piece;
  });
  return answer;
}

$("prompt-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running) return;
  running = new AbortController();
  $("ask").disabled = true;
  $("stop").disabled = false;
  $("problem").hidden = true;
  const messages = [...conversation, { role: "user", content: $("prompt").value }];
  try {
    const answer = await generate(messages, running.signal);
    conversation = [...messages, { role: "assistant", content: answer }];
    $("prompt").value = "";
  } catch (problem) {
    if (problem.name !== "AbortError") {
      $("problem").textContent = problem.message;
      $("problem").hidden = false;
    }
  } finally {
    running = null;
    $("ask").disabled = false;
    $("stop").disabled = true;
    refresh();
  }
});

start();
