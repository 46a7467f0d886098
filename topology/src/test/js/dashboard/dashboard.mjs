// Drives the dashboard in a browser: node dashboard.mjs URL CHROMIUM SCREENSHOTS API_KEY STRANGERS_KEY
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, executablePath, screenshots, key, strangersKey] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function open(options, withKey) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options });
  page.foreign = [];
  page.problems = [];
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) page.foreign.push(request.url());
  });
  page.on("pageerror", (problem) => page.problems.push(problem.message));
  page.on("console", (message) => {
    // The browser reports the 401 that asks for a key as an error of its own.
    if (message.type() === "error" && !message.text().includes("401")) page.problems.push(message.text());
  });
  await page.addInitScript(() => {
    window.feeds = []; // what would end each of them
    const plain = window.fetch;
    window.fetch = (path, options) => {
      if (path === "/events") window.feeds.push(options.signal);
      return plain(path, options);
    };
  });
  await page.goto(url);
  await page.getByLabel("API key").fill(withKey);
  await page.evaluate(() => {
    const form = document.getElementById("key-form");
    form.requestSubmit();
    form.requestSubmit(); // before the first has an answer
  });
  await page.getByText("live", { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => window.feeds.filter((each) => !each.aborted).length), 1);
  return page;
}

const inked = (chart) => {
  const canvas = document.querySelector(`#${chart} canvas`);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value > 0);
};

const page = await open({ colorScheme: "light" }, key);
const stranger = await open({ colorScheme: "dark" }, strangersKey);

// By keyboard alone; the text is looked for while it is still coming.
await page.getByLabel("Prompt").focus();
await page.keyboard.type("How do I list hidden files?");
const answered = page.waitForResponse((response) => response.url().endsWith("/v1/chat/completions"));
await page.keyboard.press("Control+Enter");
await answered;
await page.locator("#texts .generation .drafted").first().waitFor();
await page.locator("#texts .generation .bonus").first().waitFor();
await page.locator("#texts h3", { hasText: "tokens" }).waitFor();

const shown = (await page.locator("#texts pre").first().textContent()).trim();
assert.ok(shown.length > 20, shown);
const piecesWithoutCycle = await page.locator("#texts pre span:not([class])").count();
assert.ok(piecesWithoutCycle <= 1, `${piecesWithoutCycle} pieces have no cycle`);
assert.match(await page.locator("#texts pre .drafted").first().getAttribute("title"), /entropy [\d.]+ nats/);

assert.ok((await page.locator("#tree circle.accepted").count()) > 0 || (await page.locator("#tree circle.rejected").count()) > 0);
assert.match(await page.locator("#tree-caption").textContent(), /accepted/);
for (const chart of ["entropy-chart", "acceptance-chart", "cost-chart"]) {
  assert.ok(await page.evaluate(inked, chart), `${chart} is empty`);
}
await page.waitForFunction(() => Number(document.getElementById("rate").textContent) > 0);
assert.match(await page.locator("#first").textContent(), /\d+ ms/);

// Another key's holder sees the numbers, and no word.
await stranger.waitForFunction(() => document.getElementById("cost-note").textContent.includes("rows"));
assert.equal(await stranger.locator("#texts .generation").count(), 0);

// The fixed tree shows itself where it runs, in the same conversation.
await page.getByLabel("Prompt").fill("And their sizes?");
await page.getByLabel("Mode").selectOption("eagle3");
await page.getByRole("button", { name: "Ask", exact: true }).click();
await page.getByText("the fixed tree's").waitFor();
await page.locator("#ask:enabled").waitFor();
await page.waitForFunction(() => /^[1-9]/.test(document.getElementById("cached").textContent));

await page.screenshot({ path: `${screenshots}/dashboard-light.png`, fullPage: true });
await page.emulateMedia({ colorScheme: "dark" });
await page.waitForTimeout(400);
await page.screenshot({ path: `${screenshots}/dashboard-dark.png`, fullPage: true });
await page.setViewportSize({ width: 390, height: 844 });
await page.emulateMedia({ colorScheme: "light" });
await page.waitForTimeout(400);
const width = await page.evaluate(() => document.documentElement.scrollWidth);
assert.ok(width <= 390, `the page is ${width} px wide`);
await page.screenshot({ path: `${screenshots}/dashboard-390px.png`, fullPage: true });

for (const each of [page, stranger]) {
  assert.deepEqual(each.foreign, []);
  assert.deepEqual(each.problems, []);
}
await browser.close();
console.log("ok");
